package tokenizer

// gpt2 matches `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
func gpt2(s string, i int) (int, bool) {
	if end := contraction(s, i, false); end > i {
		return end, true
	}
	if end := spaced(s, i, letter); end > i {
		return end, true
	}
	if end := spaced(s, i, number); end > i {
		return end, true
	}
	if end := others(s, i, space|letter|number); end > i {
		return end, true
	}
	return blanks(s, i), true
}
