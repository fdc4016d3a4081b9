package constrain

import (
	"regexp/syntax"
	"unicode"
)

// maxPattern bounds the text of a regular expression.
const maxPattern = 64 << 10

// CompileRegexp reads a regular expression in the syntax of package regexp. A text must match it as a whole.
func CompileRegexp(expr string) (*Constraint, error) {
	d, err := goRegexp(expr, whole)
	if err != nil {
		return nil, err
	}
	if d.empty() {
		return nil, failf(Unsatisfiable, "", "the regular expression matches no text")
	}
	p := &program{}
	e := newEmitter(p)
	p.start = e.emitDFA(d, raw, p.end())
	p.seal()
	return &Constraint{prog: p}, nil
}

// goRegexp returns the automaton of a regular expression.
func goRegexp(expr string, how anchoring) (*dfa, error) {
	if len(expr) > maxPattern {
		return nil, failf(Limit, "", "regular expression of %d bytes, at most %d", len(expr), maxPattern)
	}
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, failf(Invalid, "", "%v", err)
	}
	d, err := compileRE(fromGo(parsed), how)
	if err != nil {
		return nil, failf(Limit, "", "%v", err)
	}
	return d, nil
}

func fromGo(x *syntax.Regexp) *re {
	switch x.Op {
	case syntax.OpNoMatch:
		return &re{op: reAlt}
	case syntax.OpLiteral:
		return fromLiteral(x)
	case syntax.OpCharClass:
		var spans []span
		for i := 0; i+1 < len(x.Rune); i += 2 {
			spans = append(spans, span{x.Rune[i], x.Rune[i+1]})
		}
		return &re{op: reSet, set: newSet(spans...)}
	case syntax.OpAnyCharNotNL:
		return &re{op: reSet, set: single('\n').complement()}
	case syntax.OpAnyChar:
		return &re{op: reSet, set: anyRune()}
	case syntax.OpBeginLine:
		return &re{op: reLine}
	case syntax.OpEndLine:
		return &re{op: reLineEnd}
	case syntax.OpBeginText:
		return &re{op: reBegin}
	case syntax.OpEndText:
		return &re{op: reEnd}
	case syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return &re{op: reBoundary, not: x.Op == syntax.OpNoWordBoundary}
	case syntax.OpStar:
		return &re{op: reRep, subs: fromAll(x), hi: -1}
	case syntax.OpPlus:
		return &re{op: reRep, subs: fromAll(x), lo: 1, hi: -1}
	case syntax.OpQuest:
		return &re{op: reRep, subs: fromAll(x), hi: 1}
	case syntax.OpRepeat:
		return &re{op: reRep, subs: fromAll(x), lo: x.Min, hi: x.Max}
	case syntax.OpAlternate:
		return &re{op: reAlt, subs: fromAll(x)}
	}
	return &re{op: reSeq, subs: fromAll(x)} // concatenation, group, empty
}

func fromAll(x *syntax.Regexp) []*re {
	subs := make([]*re, len(x.Sub))
	for i, s := range x.Sub {
		subs[i] = fromGo(s)
	}
	return subs
}

func fromLiteral(x *syntax.Regexp) *re {
	out := &re{op: reSeq}
	for _, r := range x.Rune {
		spans := []span{{r, r}}
		if x.Flags&syntax.FoldCase != 0 {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				spans = append(spans, span{f, f})
			}
		}
		out.subs = append(out.subs, &re{op: reSet, set: newSet(spans...)})
	}
	return out
}
