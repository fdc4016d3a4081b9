package jinja

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// braceFormat is one run of Python's str.format. Attributes and keys are looked up as the template would.
type braceFormat struct {
	m      *machine
	args   callArgs
	auto   int // next automatic number, -1 once numbers were given
	manual bool
	safe   bool
}

// format is f.format(...).
func (m *machine) format(f text, a callArgs) (Value, error) {
	b := &braceFormat{m: m, args: a, safe: f.safe}
	t, err := b.run(f, 2)
	return t.marked(f.safe), err
}

// run formats f; fields may hold fields as deep as depth.
func (b *braceFormat) run(f text, depth int) (text, error) {
	if depth == 0 {
		return text{}, failf("Max string recursion exceeded")
	}
	if err := b.m.scan(len(f.s)); err != nil {
		return text{}, err
	}
	w := newBuilder(b.m.budget)
	s := f.s
	for i := 0; i < len(s); {
		k := strings.IndexAny(s[i:], "{}")
		if k < 0 {
			k = len(s) - i
		}
		if err := w.add(f.sub(i, i+k)); err != nil {
			return text{}, err
		}
		if i += k; i == len(s) {
			break
		}
		if i+1 < len(s) && s[i+1] == s[i] {
			if err := w.add(f.sub(i, i+1)); err != nil {
				return text{}, err
			}
			i += 2
			continue
		}
		if s[i] == '}' {
			return text{}, failf("Single '}' encountered in format string")
		}
		end := fieldEnd(s, i)
		if end < 0 {
			return text{}, failf("expected '}' before end of string")
		}
		if err := b.field(w, f.sub(i+1, end), depth); err != nil {
			return text{}, err
		}
		i = end + 1
	}
	return w.text(), nil
}

// fieldEnd returns the position of the brace that closes the field opened at i, or -1.
func fieldEnd(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func (b *braceFormat) field(w *builder, f text, depth int) error {
	name, spec, conv := f.s, text{}, byte(0)
	if i := strings.IndexAny(f.s, ":!"); i >= 0 {
		name = f.s[:i]
		if f.s[i] == '!' {
			if i+1 >= len(f.s) || i+2 < len(f.s) && f.s[i+2] != ':' {
				return failf("expected ':' after conversion specifier")
			}
			conv = f.s[i+1]
			i += 2
		}
		if i < len(f.s) {
			spec = f.sub(i+1, len(f.s))
		}
	}
	v, err := b.lookup(name)
	if err != nil {
		return err
	}
	if conv != 0 {
		if strings.IndexByte("sra", conv) < 0 {
			return failf("Unknown conversion specifier '%c'", conv)
		}
		if v, err = b.m.converted(v, conv); err != nil {
			return err
		}
	}
	if strings.ContainsAny(spec.s, "{}") {
		if spec, err = b.run(spec, depth-1); err != nil {
			return err
		}
	}
	return b.m.formatValue(w, v, spec, b.safe)
}

// lookup finds the value of a field name such as 0, key, 0.attr or key[item].
func (b *braceFormat) lookup(name string) (Value, error) {
	end := strings.IndexAny(name, ".[")
	if end < 0 {
		end = len(name)
	}
	v, err := b.first(name[:end])
	for rest := name[end:]; err == nil && rest != ""; {
		if rest[0] == '.' {
			rest = rest[1:]
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, failf("Empty attribute in format string")
			}
			v, err = b.m.getAttr(v, rest[:end])
			rest = rest[end:]
			continue
		}
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 2 {
			return nil, failf("Empty attribute in format string")
		}
		var key Value = plain(rest[1:end])
		if n, e := strconv.ParseInt(rest[1:end], 10, 64); e == nil && n >= 0 {
			key = integer(n)
		}
		v, err = b.m.getItem(v, key)
		rest = rest[end+1:]
	}
	return v, err
}

func (b *braceFormat) first(name string) (Value, error) {
	n, err := strconv.ParseInt(name, 10, 64)
	switch {
	case name == "":
		if b.manual {
			return nil, failf("cannot switch from manual field specification to automatic field numbering")
		}
		n = int64(b.auto)
		b.auto++
	case err == nil && n >= 0:
		if b.auto > 0 {
			return nil, failf("cannot switch from automatic field numbering to manual field specification")
		}
		b.manual = true
	default:
		for _, k := range b.args.kw {
			if k.name == name {
				return k.v, nil
			}
		}
		return nil, failf("'%s'", clip(name))
	}
	if n >= int64(len(b.args.pos)) {
		return nil, failf("Replacement index %d out of range for positional args tuple", n)
	}
	return b.args.pos[n], nil
}

// parseSpec reads [[fill]align][sign][z][#][0][width][,][.precision][type].
func parseSpec(t text) (spec, error) {
	f := spec{precision: -1, fill: text{s: " ", trusted: t.allTrusted()}}
	s := t.s
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case n > 0 && len(s) > n && strings.IndexByte("<>=^", s[n]) >= 0:
		f.fill.s, f.align, s = string(r), s[n], s[n+1:]
	case s != "" && strings.IndexByte("<>=^", s[0]) >= 0:
		f.align, s = s[0], s[1:]
	}
	if s != "" && strings.IndexByte("+- ", s[0]) >= 0 {
		f.sign, s = s[0], s[1:]
	}
	if strings.HasPrefix(s, "#") {
		f.alt, s = true, s[1:]
	}
	if strings.HasPrefix(s, "0") {
		f.zero, s = true, s[1:]
	}
	var err error
	if f.width, s, err = readWidth(s); err != nil {
		return f, err
	}
	if s != "" && (s[0] == ',' || s[0] == '_') {
		f.comma, s = s[0], s[1:]
	}
	if strings.HasPrefix(s, ".") {
		if f.precision, s, err = readWidth(s[1:]); err != nil {
			return f, err
		}
		if f.precision < 0 {
			return f, failf("Format specifier missing precision")
		}
	}
	if len(s) > 1 {
		return f, failf("Invalid format specifier")
	}
	if s != "" {
		f.verb = s[0]
	}
	return f, nil
}

// formatValue is Python's format(v, spec).
func (m *machine) formatValue(w *builder, v Value, s text, safe bool) error {
	t, isText := v.(text)
	if s.s == "" || !isText && !isNumber(v) {
		if s.s != "" {
			return failf("unsupported format string passed to %s.__format__", v.pyType())
		}
		t, err := m.str(v)
		if err == nil && safe {
			t, err = m.escape(t)
		}
		if err != nil {
			return err
		}
		return w.add(t)
	}
	f, err := parseSpec(s)
	if err != nil {
		return err
	}
	if isText {
		return m.formatString(w, f, t, safe)
	}
	if f.zero && f.align == 0 {
		f.align, f.fill.s = '=', "0"
	}
	return m.formatNumber(w, f, v)
}

func (m *machine) formatString(w *builder, f spec, t text, safe bool) error {
	if f.verb != 0 && f.verb != 's' {
		return failf("Unknown format code '%c' for object of type 'str'", f.verb)
	}
	if f.align == '=' || f.sign != 0 || f.comma != 0 || f.alt {
		return failf("format not allowed in string format specifier")
	}
	if f.zero && f.align == 0 {
		f.align, f.fill.s = '<', "0"
	}
	if safe {
		var err error
		if t, err = m.escape(t); err != nil {
			return err
		}
	}
	return m.padText(w, f, t, '<')
}

func (m *machine) formatNumber(w *builder, f spec, v Value) error {
	x, isFloat := v.(float)
	switch f.verb {
	case 0, 'd', 'n', 'b', 'o', 'x', 'X', 'c':
		if isFloat && (f.verb == 0 || f.verb == 'n') {
			return m.formatFloat(w, f, float64(x))
		}
		b, ok := toBig(v)
		if !ok {
			return failf("Unknown format code '%c' for object of type 'float'", f.verb)
		}
		if f.precision >= 0 {
			return failf("Precision not allowed in integer format specifier")
		}
		if f.verb == 'c' {
			return m.formatChar(w, f, b)
		}
		return m.formatInt(w, f, b)
	case 'e', 'E', 'f', 'F', 'g', 'G', '%':
		n, _ := toFloat(v)
		return m.formatFloat(w, f, n)
	}
	return failf("Unknown format code '%c' for object of type '%s'", f.verb, v.pyType())
}

func (m *machine) formatChar(w *builder, f spec, b *big.Int) error {
	if !b.IsInt64() || b.Int64() < 0 || b.Int64() > utf8.MaxRune {
		return failf("%%c arg not in range(0x110000)")
	}
	if f.align == 0 {
		f.align = '<'
	}
	return m.padText(w, f, plain(string(rune(b.Int64()))), '<')
}
