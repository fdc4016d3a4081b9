package tokenizer

import "slices"

// readEOG collects the tokens that end a generation: those that keys name, and those whose text is known for it. A NORMAL token
// of such a text (</s> in Qwen's vocabulary) is an ordinary piece and stays one.
func (t *Tokenizer) readEOG(f Meta) error {
	if id := t.ids.eos; f.Has(prefix+"eos_token_id") || id >= 0 && t.vocab.kinds[id] != Normal { // a default may be any piece
		t.addEOG(id)
	}
	t.addEOG(t.ids.eot)
	t.addEOG(t.ids.eom)
	for _, role := range []string{"fim_pad", "fim_rep", "fim_sep"} {
		id, err := t.readID(f, role, -1)
		if err != nil {
			return err
		}
		t.addEOG(id)
	}
	for _, text := range []string{
		"<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>", "<|endoftext|>",
		"</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>",
		"<|tool_response>", "<｜end▁of▁sentence｜>", "[e~[",
		// Fill in the middle: padding, next file, next repository.
		"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]",
		"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>",
	} {
		t.addEOG(t.marker(text))
	}
	// In harmony and its like <|end|> ends a message, not the answer.
	harmony := t.has("<|return|>") && t.has("<|call|>")
	if end := t.marker("<|end|>"); (harmony || t.has("<|calls|>") && t.has("<|flush|>")) && end != t.ids.eos {
		t.dropEOG(end)
	}
	if end := t.marker("</s>"); (t.has("<|tool_response>") || t.has("<|plamo:eos|>")) && end != t.ids.eos {
		t.dropEOG(end)
	}
	t.readShown(harmony)
	return nil
}

// marker returns the CONTROL or USER_DEFINED token of this text, -1 if there is none.
func (t *Tokenizer) marker(text string) int32 {
	if id := t.vocab.find(text); id >= 0 && (t.vocab.kinds[id] == Control || t.vocab.kinds[id] == UserDefined) {
		return id
	}
	return -1
}

func (t *Tokenizer) has(text string) bool { return t.marker(text) >= 0 }

func (t *Tokenizer) addEOG(id int32) {
	if i, ok := slices.BinarySearch(t.eog, id); id >= 0 && !ok {
		t.eog = slices.Insert(t.eog, i, id)
	}
}

func (t *Tokenizer) dropEOG(id int32) {
	if i, ok := slices.BinarySearch(t.eog, id); ok {
		t.eog = slices.Delete(t.eog, i, i+1)
	}
}

// readShown collects the markers of harmony: CONTROL in the file, but what reads the answer needs to see them.
func (t *Tokenizer) readShown(harmony bool) {
	texts := []string{"<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"}
	if harmony {
		texts = append(texts, "<|end|>")
	}
	for _, text := range texts {
		if id := t.marker(text); id >= 0 {
			t.shown = append(t.shown, id)
		}
	}
}
