// Package tokenizer turns text into the token ids of a GGUF vocabulary and back.
//
// Three algorithms cover the generators that exist: byte-level BPE after splitting into words ("gpt2", with the word rule
// named by tokenizer.ggml.pre), SentencePiece-style BPE by scores ("llama"), and BPE by ranks over raw UTF-8 ("gemma4").
// The rules are those of the published tokenizers; where llama.cpp departs from them the published rule is kept.
//
// Text comes in two kinds. Template text is trusted: control tokens written in it are parsed. User text never yields a
// control token, nor one of the markup tokens (<think>, <tool_call>) that checkpoints list as user-defined. AppendMixed takes
// one text with both kinds in it; Append and AppendSpecial are its two extremes.
//
// Time is linear in the text up to a logarithm (one heap for runs that no word rule cuts), whatever the text is.
package tokenizer
