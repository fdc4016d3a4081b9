package tokenizer

// thousandsRuns matches runs of digits that no letter follows, for threes to cut.
func thousandsRuns(s string, i int) (int, bool) {
	end := runOf(s, i, digit)
	if end == i {
		return skip(s, i)
	}
	c, _ := classAt(s, end)
	return end, c&wordy == 0
}

// threes cuts pieces that are digits, as thousandsRuns or runs(number) made them, into groups of three from the right.
func threes(in class) matcher {
	return func(s string, i int) (int, bool) {
		if i > 0 {
			return numbers(s, i, 3, in), true
		}
		count := 0
		for end := 0; end < len(s); count++ {
			c, n := classAt(s, end)
			if c&in == 0 {
				return len(s), false
			}
			end += n
		}
		return numbers(s, 0, (count+2)%3+1, in), true
	}
}
