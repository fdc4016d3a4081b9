package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// spec is how one value is to be formatted, for % as well as for str.format.
type spec struct {
	fill      text // one character
	align     byte // '<' '>' '^' '=' or 0
	sign      byte // '+' ' ' '-' or 0
	alt, zero bool
	width     int
	comma     byte // ',' '_' or 0
	precision int  // -1: none given
	verb      byte // 0: none given
}

// maxWidth bounds widths and precisions before anything is allocated.
const maxWidth = 1 << 20

func readWidth(s string) (int, string, error) {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	if end == 0 {
		return -1, s, nil
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil || n > maxWidth {
		return 0, s, &LimitError{"memory", maxWidth}
	}
	return n, s[end:], nil
}

// pad writes t in a field of the given width.
func (m *machine) pad(w *builder, t text, width int, align byte, fill text) error {
	missing := width - t.length()
	if err := m.scan(len(t.s)); err != nil {
		return err
	}
	left := 0
	switch align {
	case '>':
		left = max(missing, 0)
	case '^':
		left = max(missing, 0) / 2
	}
	if err := w.repeat(fill, left); err != nil {
		return err
	}
	if err := w.add(t); err != nil {
		return err
	}
	return w.repeat(fill, missing-left)
}

// number writes a number's digits with sign, prefix and padding.
func (m *machine) number(w *builder, f spec, negative bool, prefix, digits string) error {
	sign := ""
	switch {
	case negative:
		sign = "-"
	case f.sign == '+' || f.sign == ' ':
		sign = string(f.sign)
	}
	head := sign + prefix
	if f.align == '=' {
		zeros := f.width - len(head) - utf8.RuneCountInString(digits)
		if f.comma != 0 && f.fill.s == "0" {
			digits = groupDigits(digits, f.comma, f.width-len(head))
			zeros = 0
		} else if f.comma != 0 {
			digits = groupDigits(digits, f.comma, 0)
			zeros = f.width - len(head) - len(digits)
		}
		if err := w.str(head, false); err != nil {
			return err
		}
		if err := w.repeat(f.fill, zeros); err != nil {
			return err
		}
		return w.str(digits, false)
	}
	if f.comma != 0 {
		digits = groupDigits(digits, f.comma, 0)
	}
	align := f.align
	if align == 0 {
		align = '>'
	}
	return m.pad(w, plain(head+digits), f.width, align, f.fill)
}

// groupDigits puts a separator between groups of three digits of the whole part, after filling with zeros to width.
func groupDigits(s string, sep byte, width int) string {
	whole, rest := s, ""
	if i := strings.IndexAny(s, ".eE"); i >= 0 {
		whole, rest = s[:i], s[i:]
	}
	size := 3
	grouped := func(whole string) string {
		var b strings.Builder
		for i, c := range []byte(whole) {
			if i > 0 && (len(whole)-i)%size == 0 {
				b.WriteByte(sep)
			}
			b.WriteByte(c)
		}
		return b.String()
	}
	g := grouped(whole)
	for len(g)+len(rest) < width {
		whole = "0" + whole
		g = grouped(whole)
	}
	return g + rest
}

// formatInt writes an integer with a verb of d o x X b c n.
func (m *machine) formatInt(w *builder, f spec, v *big.Int) error {
	base := map[byte]int{'o': 8, 'x': 16, 'X': 16, 'b': 2}[f.verb]
	digits, prefix := "", ""
	switch {
	case base == 0:
		var err error
		if digits, err = m.bigString(new(big.Int).Abs(v)); err != nil {
			return err
		}
	default:
		if err := m.alloc(v.BitLen() + 1); err != nil {
			return err
		}
		digits = new(big.Int).Abs(v).Text(base)
		if f.alt {
			prefix = "0" + string(f.verb)
		}
		if f.verb == 'X' {
			digits = strings.ToUpper(digits)
		}
	}
	if missing := f.precision - len(digits); missing > 0 {
		if err := m.alloc(missing); err != nil {
			return err
		}
		digits = strings.Repeat("0", missing) + digits
	}
	return m.number(w, f, v.Sign() < 0, prefix, digits)
}

// formatFloat writes a float with a verb of e E f F g G % or none.
func (m *machine) formatFloat(w *builder, f spec, v float64) error {
	if err := m.alloc(f.precision + 400); err != nil {
		return err
	}
	verb := f.verb
	negative := math.Signbit(v) && !math.IsNaN(v)
	v = math.Abs(v)
	suffix := ""
	if verb == '%' {
		v, suffix, verb = v*100, "%", 'f'
	}
	digits := floatDigits(v, verb, f.precision, f.alt)
	if f.verb == 'E' || f.verb == 'F' || f.verb == 'G' {
		digits = strings.ToUpper(digits)
	}
	return m.number(w, f, negative, "", digits+suffix)
}

func floatDigits(v float64, verb byte, precision int, alt bool) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 0):
		return "inf"
	case verb == 0 && precision < 0:
		return reprFloat(v)
	case precision < 0:
		precision = 6
	}
	switch verb {
	case 'e', 'E':
		return strconv.FormatFloat(v, 'e', precision, 64)
	case 'f', 'F':
		return strconv.FormatFloat(v, 'f', precision, 64)
	}
	return generalDigits(v, verb, precision, alt)
}

// generalDigits is C's %g.
func generalDigits(v float64, verb byte, precision int, alt bool) string {
	precision = max(precision, 1)
	s := strconv.FormatFloat(v, 'e', precision-1, 64)
	mark := strings.IndexByte(s, 'e')
	exp, _ := strconv.Atoi(s[mark+1:])
	mantissa, tail := s[:mark], s[mark:]
	limit := precision
	if verb == 0 { // a float without verb keeps one digit after the point
		limit = precision - 1
	}
	if exp >= -4 && exp < limit {
		mantissa, tail = strconv.FormatFloat(v, 'f', precision-1-exp, 64), ""
	}
	if !alt && strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	if verb == 0 && tail == "" && !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	return mantissa + tail
}

// percentFormat is one run of the % operator on a string.
type percentFormat struct {
	m     *machine
	w     *builder
	f     text // the format
	i     int
	args  []Value
	used  int
	named *Map
	loose bool // arguments that are left over are fine
}

// percent is Python's format % args.
func (m *machine) percent(f text, v Value) (Value, error) {
	p := &percentFormat{m: m, w: newBuilder(m.budget), f: f, args: []Value{v}}
	switch v := v.(type) {
	case *list:
		if v.tuple {
			p.args = v.items
		} else {
			p.loose = true
		}
	case *Map:
		p.named, p.loose = v, true
	case *undefined, rangeV:
		p.loose = true
	}
	if err := p.run(); err != nil {
		return nil, err
	}
	return p.w.text().marked(f.safe), nil
}

func (p *percentFormat) run() error {
	s := p.f.s
	if err := p.m.scan(len(s)); err != nil {
		return err
	}
	for p.i < len(s) {
		k := strings.IndexByte(s[p.i:], '%')
		if k < 0 {
			k = len(s) - p.i
		}
		if err := p.w.add(p.f.sub(p.i, p.i+k)); err != nil {
			return err
		}
		if p.i += k; p.i < len(s) {
			p.i++
			if err := p.directive(); err != nil {
				return err
			}
		}
	}
	if p.used < len(p.args) && !p.loose {
		return failf("not all arguments converted during string formatting")
	}
	return nil
}

func (p *percentFormat) next() (Value, error) {
	if p.used >= len(p.args) {
		return nil, failf("not enough arguments for format string")
	}
	p.used++
	return p.args[p.used-1], nil
}

// directive formats one argument; the percent sign is behind.
func (p *percentFormat) directive() error {
	start := p.i - 1
	f := spec{precision: -1, fill: p.blank(start, " ")}
	var v Value
	if strings.HasPrefix(p.f.s[p.i:], "(") {
		var err error
		if v, err = p.key(); err != nil {
			return err
		}
	}
	for p.i < len(p.f.s) && strings.IndexByte("#0- +", p.f.s[p.i]) >= 0 {
		switch c := p.f.s[p.i]; c {
		case '#':
			f.alt = true
		case '0':
			f.zero = true
		case '-':
			f.align = '<'
		case '+':
			f.sign = '+'
		default:
			if f.sign == 0 {
				f.sign = ' '
			}
		}
		p.i++
	}
	var err error
	if f.width, err = p.size(); err != nil {
		return err
	}
	if f.width < -1 {
		f.align, f.width = '<', -f.width
	}
	if p.i < len(p.f.s) && p.f.s[p.i] == '.' {
		p.i++
		if f.precision, err = p.size(); err != nil {
			return err
		}
		f.precision = max(f.precision, 0)
	}
	for p.i < len(p.f.s) && strings.IndexByte("hlL", p.f.s[p.i]) >= 0 {
		p.i++
	}
	if p.i >= len(p.f.s) {
		return failf("incomplete format")
	}
	f.verb = p.f.s[p.i]
	p.i++
	if f.verb == '%' {
		return p.w.str("%", p.f.trustedAt(start))
	}
	if v == nil {
		if v, err = p.next(); err != nil {
			return err
		}
	}
	return p.convert(f, v, start)
}

// blank returns a padding character with the provenance of the directive.
func (p *percentFormat) blank(start int, s string) text {
	return text{s: s, trusted: p.f.trustedAt(start)}
}

func (p *percentFormat) key() (Value, error) {
	depth, at := 0, p.i
	for ; at < len(p.f.s); at++ {
		switch p.f.s[at] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if at >= len(p.f.s) {
		return nil, failf("incomplete format key")
	}
	name := p.f.s[p.i+1 : at]
	p.i = at + 1
	if p.named == nil {
		return nil, failf("format requires a mapping")
	}
	v, ok := p.named.Get(name)
	if !ok {
		return nil, failf("'%s'", clip(name))
	}
	return v, nil
}

// size reads a width or precision: digits, a star, or nothing (-1).
func (p *percentFormat) size() (int, error) {
	if p.i < len(p.f.s) && p.f.s[p.i] == '*' {
		p.i++
		v, err := p.next()
		if err != nil {
			return 0, err
		}
		n, ok := clampInt(v)
		if !ok {
			return 0, failf("* wants int")
		}
		if n > maxWidth || n < -maxWidth {
			return 0, &LimitError{"memory", maxWidth}
		}
		return int(n), nil
	}
	n, rest, err := readWidth(p.f.s[p.i:])
	p.i = len(p.f.s) - len(rest)
	return n, err
}

func (p *percentFormat) convert(f spec, v Value, start int) error {
	m := p.m
	switch f.verb {
	case 's', 'r', 'a':
		t, err := p.m.converted(v, f.verb)
		if err != nil {
			return err
		}
		if p.f.safe {
			if t, err = m.escape(t); err != nil {
				return err
			}
		}
		return m.padText(p.w, f, t, '>')
	case 'c':
		return p.char(f, v)
	case 'd', 'i', 'u', 'o', 'x', 'X', 'e', 'E', 'f', 'F', 'g', 'G':
	default:
		return failf("unsupported format character '%c' (0x%x) at index %d", f.verb, f.verb, p.i-1)
	}
	if u, ok := v.(*undefined); ok {
		return u.raise()
	}
	if f.zero && f.align == 0 {
		f.align, f.fill = '=', p.blank(start, "0")
	}
	if strings.IndexByte("eEfFgG", f.verb) >= 0 {
		x, ok := toFloat(v)
		if !ok {
			return failf("must be real number, not %s", v.pyType())
		}
		return m.formatFloat(p.w, f, x)
	}
	if x, ok := v.(float); ok && strings.IndexByte("diu", f.verb) >= 0 {
		whole, err := floatToInt(float64(x))
		if err != nil {
			return err
		}
		v = whole
	}
	b, ok := toBig(v)
	if !ok {
		if strings.IndexByte("diu", f.verb) >= 0 {
			return failf("%%%c format: a real number is required, not %s", f.verb, v.pyType())
		}
		return failf("%%%c format: an integer is required, not %s", f.verb, v.pyType())
	}
	return m.formatInt(p.w, f, b)
}

// converted applies the conversion s, r or a.
func (m *machine) converted(v Value, verb byte) (text, error) {
	if verb == 's' {
		return m.str(v)
	}
	w := newBuilder(m.budget)
	if err := m.repr(w, v, 0); err != nil {
		return text{}, err
	}
	t := w.text()
	if verb == 'a' {
		return m.mapRunes(t, asciiEscape, false)
	}
	return t, nil
}

func asciiEscape(_ int, r rune) string {
	switch {
	case r < 0x80:
		return ""
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// padText cuts a string to the precision and pads it.
func (m *machine) padText(w *builder, f spec, t text, align byte) error {
	if f.precision >= 0 {
		t = t.sub(0, t.offset(f.precision))
	}
	if f.align != 0 {
		align = f.align
	}
	return m.pad(w, t, f.width, align, f.fill)
}

func (p *percentFormat) char(f spec, v Value) error {
	if t, ok := v.(text); ok {
		if t.length() != 1 {
			return failf("%%c requires int or char")
		}
		return p.m.padText(p.w, f, t, '>')
	}
	n, ok := toInt(v)
	if !ok || n < 0 || n > utf8.MaxRune {
		return failf("%%c requires int or char")
	}
	return p.m.padText(p.w, f, plain(string(rune(n))), '>')
}
