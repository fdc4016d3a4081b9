package constrain

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync/atomic"
)

// ErrNotAllowed is returned for a token that the constraint does not allow.
var ErrNotAllowed = errors.New("constrain: token is not allowed here")

// Matcher follows one text through a constraint, token by token. It is not safe for concurrent use; matchers of one Constraint
// share their masks and may run at the same time.
type Matcher struct {
	eng     *engine
	m       *machine
	now     point
	next    point // scratch
	past    []point
	kept    int // of past, as a ring
	tokens  int
	age     uint32  // of the engine that the following belong to
	stacks  []int32 // ours to the engine's, 0: not known
	sets    []uint32
	pending []int32
	stop    *atomic.Bool
}

// point is a place in a text.
type point struct {
	threads []thread
	accepts bool // the text may end here
	ended   bool // by a token that ends a generation
	run     int  // bytes of whitespace right before
}

func (p *point) set(q *point) {
	p.threads = append(p.threads[:0], q.threads...)
	p.accepts, p.ended, p.run = q.accepts, q.ended, q.run
}

const (
	keptPoints   = 128 // tokens that can be taken back
	usualThreads = 8   // of a point: room that is taken at once
)

// NewMatcher returns a Matcher at the beginning of a text.
func NewMatcher(c *Constraint, t *Trie) *Matcher {
	x := &Matcher{eng: c.engine(t), m: newMachine(c.prog, 0)}
	x.m.begin()
	x.now.threads, x.now.accepts = append(x.now.threads, x.m.out...), x.m.accepts
	return x
}

// StopWhen has masks that are being computed when stop is set, and all later ones, come out empty: it makes an end of work that
// nobody waits for. Other matchers do not notice.
func (x *Matcher) StopWhen(stop *atomic.Bool) { x.stop = stop }

// Words returns the length of a mask: one bit a token.
func (x *Matcher) Words() int { return x.eng.trie.words }

// CanEnd reports whether the text may end here: it is a whole sentence.
func (x *Matcher) CanEnd() bool { return x.now.accepts || x.now.ended }

// Done reports whether the text can only end here: nothing but a token that ends a generation is allowed, or not even that.
func (x *Matcher) Done() bool { return len(x.now.threads) == 0 }

// Accepts reports whether a token may come next. It reads the bytes of that token only.
func (x *Matcher) Accepts(id int32) bool {
	if x.now.ended || id < 0 || int(id) >= x.eng.trie.size {
		return false
	}
	if x.eng.trie.ending(id) && x.now.accepts {
		return true
	}
	return x.try(id)
}

// try moves next behind a token that is part of the text: by its bytes, by its id, or by both.
func (x *Matcher) try(id int32) bool {
	b := x.eng.trie.bytesOf(id)
	spelled := len(b) > 0 && x.read(b) == len(b)
	if !x.m.take(x.now.threads, id) {
		return spelled
	}
	if !spelled {
		x.next.threads, x.next.accepts, x.next.run = x.next.threads[:0], false, 0
	}
	x.next.ended = false
	x.next.accepts = x.next.accepts || x.m.accepts
	for _, t := range x.m.out {
		if !slices.Contains(x.next.threads, t) {
			x.next.threads = append(x.next.threads, t)
		}
	}
	return true
}

// read follows bytes from now into next and returns how many were let through.
func (x *Matcher) read(b []byte) int {
	x.next.set(&x.now)
	for i, c := range b {
		if !x.readByte(c) {
			return i
		}
	}
	return len(b)
}

func (x *Matcher) readByte(c byte) bool {
	x.m.step(x.next.threads, c)
	run, ok := x.m.blankRun(x.next.run, c)
	if !ok || len(x.m.out) == 0 && !x.m.accepts {
		return false
	}
	x.next.run, x.next.accepts = run, x.m.accepts
	x.next.threads = append(x.next.threads[:0], x.m.out...)
	return true
}

// Advance moves past a token. It returns ErrNotAllowed, and does not move, if the token may not come next.
func (x *Matcher) Advance(id int32) error {
	if !x.Accepts(id) {
		return fmt.Errorf("%w: id %d", ErrNotAllowed, id)
	}
	if x.eng.trie.ending(id) && x.now.accepts && !x.goesOn(id) {
		x.next.threads = x.next.threads[:0]
		x.next.accepts, x.next.ended, x.next.run = false, true, 0
	}
	x.keep()
	x.now, x.next = x.next, x.now
	x.tokens++
	return nil
}

// goesOn reports whether a token that may end the text may also be a part of it that more can follow; it moves next there. The text
// may have ended with it.
func (x *Matcher) goesOn(id int32) bool {
	if !x.try(id) || len(x.next.threads) == 0 {
		return false
	}
	x.next.accepts = true
	return true
}

func (x *Matcher) keep() {
	if x.past == nil {
		x.past = make([]point, keptPoints)
		room := make([]thread, keptPoints*usualThreads)
		for i := range x.past {
			x.past[i].threads = room[i*usualThreads : i*usualThreads : (i+1)*usualThreads]
		}
	}
	x.past[x.tokens%keptPoints].set(&x.now)
	x.kept = min(x.kept+1, keptPoints)
}

// Rollback takes back the last n tokens, at most 128.
func (x *Matcher) Rollback(n int) error {
	if n < 0 || n > x.kept {
		return fmt.Errorf("constrain: cannot take back %d of %d tokens, %d are kept", n, x.tokens, x.kept)
	}
	if n > 0 {
		x.tokens -= n
		x.kept -= n
		x.now.set(&x.past[x.tokens%keptPoints])
	}
	return nil
}

// Fork returns a Matcher at the same place that goes its own way. It cannot go back behind the fork.
func (x *Matcher) Fork() *Matcher {
	f := &Matcher{eng: x.eng, m: x.m.clone()}
	f.now.set(&x.now)
	return f
}

// Len returns the number of tokens.
func (x *Matcher) Len() int { return x.tokens }

// Mask sets the bits of the tokens that may come next and clears the others; bit i%64 of dst[i/64] is token i. dst has at least
// Words words; those beyond are cleared. What is allowed is computed once for places that are alike, which includes those that
// differ in a count by more than a token can write, and shared by all matchers of the constraint. In a grammar that can read a text in thousands of ways a mask may leave out
// tokens of more than one byte that Accepts would let through; it never has one that Accepts would not.
func (x *Matcher) Mask(dst []uint64) {
	x.eng.mu.Lock()
	defer x.eng.mu.Unlock()
	clear(dst)
	x.allowed().or(dst)
}

// Forced returns the only token that may come next, if there is just one.
func (x *Matcher) Forced() (int32, bool) {
	if x.hasChoice() {
		return 0, false
	}
	x.eng.mu.Lock()
	defer x.eng.mu.Unlock()
	if a := x.allowed(); a.n == 1 {
		return a.few[0], true
	}
	return 0, false
}

// hasChoice reports whether two tokens are found at once that may come next, among those of one byte and the end: most places have
// them, and need no mask to see it.
func (x *Matcher) hasChoice() bool {
	var may byteSet
	for i := range x.now.threads {
		x.m.begins(&x.now.threads[i], &may)
	}
	found := 0
	if x.now.accepts {
		found = min(len(x.eng.trie.ends), 1)
	}
	for i, w := range may {
		for w &= x.eng.trie.single[i]; w != 0 && found < 2; w &= w - 1 {
			x.next.set(&x.now)
			if x.readByte(byte(i<<6 + bits.TrailingZeros64(w))) {
				found++
			}
		}
	}
	return found > 1
}

var nothing = &allowed{}

// allowed returns what may come next. The engine is locked.
func (x *Matcher) allowed() *allowed {
	if x.now.ended {
		return nothing
	}
	e := x.eng
	if e.bytes+64*e.m.frames.len() > engineBytes {
		e.drop()
	}
	if x.age != e.age {
		x.age, x.stacks, x.sets = e.age, x.stacks[:0], x.sets[:0]
	}
	e.threads = e.threads[:0]
	for _, t := range x.now.threads {
		n := &e.m.prog.nodes[t.node]
		t.count = x.adoptCount(n.counter, t.count)
		t.stack = x.adoptStack(t.stack)
		e.threads = append(e.threads, t)
	}
	e.m.out, e.m.accepts = append(e.m.out[:0], e.threads...), x.now.accepts
	e.stop = x.stop
	defer func() { e.stop = nil }()
	return e.allow(e.intern(), x.now.run)
}

// adoptStack returns the engine's number of one of our stacks.
func (x *Matcher) adoptStack(id int32) int32 {
	for len(x.stacks) < x.m.frames.len() {
		x.stacks = append(x.stacks, 0)
	}
	x.pending = x.pending[:0]
	for at := id; at != 0 && x.stacks[at] == 0; at = x.m.frames.items[at].parent {
		x.pending = append(x.pending, at)
	}
	e := x.eng
	for i := len(x.pending) - 1; i >= 0; i-- {
		at := x.pending[i]
		f := x.m.frames.items[at]
		f.parent = x.stacks[f.parent]
		f.count = x.adoptCount(e.m.prog.nodes[f.ret].counter, f.count)
		x.stacks[at] = e.m.frames.add(f)
	}
	return x.stacks[id]
}

// adoptCount returns the engine's count for one of ours.
func (x *Matcher) adoptCount(c *counter, count uint32) uint32 {
	if c == nil || c.names == nil {
		return x.eng.m.round(c, count)
	}
	if count == 0 {
		return 0
	}
	for len(x.sets) < len(x.m.written) {
		x.sets = append(x.sets, 0)
	}
	if x.sets[count] == 0 {
		x.sets[count] = x.eng.m.intern(x.m.written[count])
	}
	return x.sets[count]
}
