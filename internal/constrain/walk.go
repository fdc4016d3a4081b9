package constrain

// walkThreads walks a trie from a set of threads of the machine.
func (e *engine) walkThreads(nodes []trieNode, threads []thread, hit func(int32)) bool {
	if len(threads) == 0 {
		return true
	}
	e.m.out, e.m.accepts = append(e.m.out[:0], threads...), false
	return e.walk(nodes, e.intern(), hit)
}

// walk calls hit for each token of a trie that a state allows. It reports false if that is too much work, or stopped.
func (e *engine) walk(nodes []trieNode, from int32, hit func(int32)) bool {
	if from == 0 {
		return true
	}
	e.path[0] = from
	for i := 0; i < len(nodes); {
		n := &nodes[i]
		at := e.path[n.depth]
		to := e.states[at].row[n.char]
		if to == unknown {
			if to = e.next(at, n.char); e.bytes > 2*engineBytes || e.m.work > e.limit || e.stopped() {
				return false
			}
		}
		if to == 0 {
			i += int(n.skip)
			continue
		}
		if n.token >= 0 {
			hit(n.token)
		}
		e.path[n.depth+1] = to
		i++
	}
	return true
}

// maxWork bounds the work of a mask, in nodes entered, and maxSlowWork that of walkSlowly.
const (
	maxWork     = 1 << 19
	maxSlowWork = 1 << 18
)

// walkSlowly does the same without making states, and counts whitespace. Where even that is too much work, in grammars that can be
// read in thousands of ways, it leaves tokens of more than one byte out.
func (e *engine) walkSlowly(s *state, run int) {
	if e.levels == nil {
		e.levels, e.runs = make([][]thread, len(e.path)+1), make([]int, len(e.path)+1)
	}
	e.levels[0], e.runs[0] = append(e.levels[0][:0], s.threads...), run
	limit := e.m.work + maxSlowWork
	for i := 0; i < len(e.trie.nodes) && !e.stopped(); {
		n := &e.trie.nodes[i]
		d := int(n.depth)
		if e.m.work > limit && d > 0 {
			i += int(n.skip)
			continue
		}
		e.m.step(e.levels[d], n.char)
		run, ok := e.m.blankRun(e.runs[d], n.char)
		if !ok || len(e.m.out) == 0 && !e.m.accepts {
			i += int(n.skip)
			continue
		}
		if n.token >= 0 {
			e.trie.set(e.mask, n.token)
		}
		e.levels[d+1], e.runs[d+1] = append(e.levels[d+1][:0], e.m.out...), run
		i++
	}
}

// maxBlanks bounds a run of whitespace between JSON tokens: models that lose the thread write blanks for ever. A line's end weighs as
// much as lineWeight others, so that deep indentation fits and empty lines do not go on.
const (
	maxBlanks  = 512
	lineWeight = 8
)

// weight is what a byte of whitespace counts.
func weight(b byte) int {
	if b == '\n' || b == '\r' {
		return lineWeight
	}
	return 1
}

// blankRun returns the weight of the run of whitespace that the byte just read ends or goes on with. It reports false if it is too
// long.
func (m *machine) blankRun(run int, b byte) (int, bool) {
	if !isBlank(b) {
		return 0, true
	}
	for i := range m.out {
		if m.prog.nodes[m.out[i].node].blank {
			run += weight(b)
			return run, run <= maxBlanks
		}
	}
	return 0, true
}
