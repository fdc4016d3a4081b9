package constrain

// reOp is what a part of a regular expression is.
type reOp uint8

const (
	reSet      reOp = iota // one code point of a set
	reSeq                  // one after another
	reAlt                  // one of several, the first preferred
	reRep                  // lo to hi times, as many as possible unless lazy
	reBegin                // at the beginning of the text
	reEnd                  // at its end
	reLine                 // at the beginning of a line
	reLineEnd              // at the end of a line
	reBoundary             // between a word character and none; not: elsewhere
	reGroup                // subs[0], remembered under index
	reRefer                // what group index matched
	reLook                 // what follows, or before it if behind, matches subs[0]; not: does not
)

// re is a regular expression over code points.
type re struct {
	op     reOp
	set    *runeSet
	subs   []*re
	lo, hi int // hi -1: unbounded
	index  int
	not    bool
	behind bool
	lazy   bool
}

func reLiteral(r rune) *re { return &re{op: reSet, set: single(r)} }

// regular reports whether an expression needs neither memory nor lookaround.
func (x *re) regular() bool {
	if x.op == reRefer || x.op == reLook {
		return false
	}
	for _, s := range x.subs {
		if !s.regular() {
			return false
		}
	}
	return true
}

// Sets that expressions share.
var (
	setDigit = newSet(span{'0', '9'})
	setWord  = newSet(span{'0', '9'}, span{'A', 'Z'}, span{'_', '_'}, span{'a', 'z'})
	setSpace = newSet(span{'\t', '\r'}, span{' ', ' '}, span{0xA0, 0xA0}, span{0x1680, 0x1680}, span{0x2000, 0x200A},
		span{0x2028, 0x2029}, span{0x202F, 0x202F}, span{0x205F, 0x205F}, span{0x3000, 0x3000}, span{0xFEFF, 0xFEFF})
	setLineEnd = newSet(span{'\n', '\n'}, span{'\r', '\r'}, span{0x2028, 0x2029})
	setDot     = setLineEnd.complement()
)
