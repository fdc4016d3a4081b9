package tokenizer

// rule says how byte-level BPE treats text before merging.
type rule struct {
	passes     []matcher // each splits every piece of the one before
	nfc        bool      // the published tokenizer normalizes
	wholeWords bool      // a word that is a token is taken whole (ignore_merges)
	addBOS     bool      // unless the file says otherwise
	addSEP     bool
	guess      bool // the file does not name a rule: ids are probably wrong
}

// ruleFor returns the rule that a value of tokenizer.ggml.pre names.
func ruleFor(pre string) (rule, bool) {
	switch pre {
	case "gpt-2", "phi-2", "gigachat", "a.x-4.0", "mellum", "modern-bert", "exaone4", "jais", "trillion", "granite-docling",
		"jina-es", "jina-de", "jina-v2-es", "jina-v2-de":
		return rule{passes: passes(gpt2)}, true
	case "mpt", "olmo":
		return rule{passes: passes(gpt2), nfc: true}, true
	case "roberta-bpe", "jina-v1-en", "jina-v2-code":
		return rule{passes: passes(gpt2), addSEP: true}, true
	case "smollm", "starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2":
		return rule{passes: passes(groups(number, 1), gpt2)}, true
	case "command-r":
		return rule{passes: passes(groups(number, 1), gpt2), nfc: true}, true

	case "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano":
		return rule{passes: passes(letters(3)), wholeWords: true, addBOS: true}, true
	case "dbrx", "smaug-bpe", "chatglm-bpe":
		return rule{passes: passes(letters(3))}, true
	case "glm4", "glm5":
		return rule{passes: passes(letters(3)), wholeWords: true}, true
	case "qwen2":
		return rule{passes: passes(letters(1)), nfc: true}, true
	case "stablelm2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "solar-open", "grok-2", "hunyuan",
		"bailingmoe", "bailingmoe2", "llada-moe":
		return rule{passes: passes(letters(1))}, true
	case "qwen35":
		return rule{passes: passes(lettersRule{digits: 1, also: mark, tail: "\r\n"}.match), nfc: true}, true
	case "seed-coder":
		return rule{passes: passes(lettersRule{digits: 1}.match)}, true
	case "minicpm5":
		return rule{passes: passes(groups(number, 3), letters(allDigits)), wholeWords: true}, true
	case "ufakzeka":
		return rule{passes: passes(lettersRule{digits: 1, noShort: true, tail: "\r\n"}.match)}, true
	case "laguna":
		return rule{passes: passes(lines, letters(1))}, true
	case "jais-2":
		return rule{passes: passes(letters(3), blankPowers)}, true
	case "exaone-moe":
		return rule{passes: passes(exaoneMoE)}, true

	case "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2":
		return rule{passes: passes(caseRule{digits: 3, tail: "\r\n/"}.match)}, true
	case "granite-embed-multi-97m":
		return rule{passes: passes(caseRule{digits: 3, tail: "\r\n/"}.match), wholeWords: true}, true
	case "tekken":
		return rule{passes: passes(caseRule{digits: 1, noShort: true, tail: "\r\n/"}.match), wholeWords: true, addBOS: true}, true
	case "kimi-k2":
		return rule{passes: passes(caseRule{digits: 3, han: true, tail: "\r\n"}.match)}, true
	case "tiny_aya", "cohere2moe":
		return rule{passes: passes(thousandsRuns, threes(digit), caseRule{digits: 3, tail: "\r\n/"}.match)}, true
	case "youtu":
		return rule{passes: passes(runsIn(hangul, widePunct, bopomofo, kanaHan), caseRule{digits: 1, tail: "\r\n/"}.match), wholeWords: true}, true

	case "deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4":
		return rule{passes: passes(groups(number, 3), runsIn(kanaHan), deepseek3)}, true
	case "spark2_5":
		return rule{passes: passes(groups(number, 3), runsIn(kanaHan), spark, groups(number, 1))}, true
	case "afmoe":
		return rule{passes: passes(runs(number), threes(number), runsIn(afmoeScripts), deepseek3)}, true
	case "deepseek-llm":
		return rule{passes: passes(eachLine, afterSpace(deepseekLetters.run), afterSpace(deepseekPunct.run), lastBlanks, runsIn(hanHangul), groups(number, 1))}, true
	case "deepseek-coder":
		return rule{passes: passes(eachLine, afterSpace(runOfClass(letter)), afterSpace(runOfClass(punct)), runsIn(hanHangul), groups(number, 1))}, true

	case "falcon":
		return rule{passes: passes(falconPunct("`"), gpt2, asciiTriples)}, true
	case "default", "":
		return rule{passes: passes(falconPunct(""), gpt2, runs(number), asciiTriples), guess: true}, true
	case "poro-chat", "bloom", "gpt3-finnish":
		return rule{passes: passes(bloom)}, true
	case "viking":
		return rule{passes: passes(bloom, groups(number, 1))}, true
	}
	return rule{}, false
}

func passes(m ...matcher) []matcher { return m }

// runOfClass is runOf for one class.
func runOfClass(in class) func(string, int) int {
	return func(s string, i int) int { return runOf(s, i, in) }
}
