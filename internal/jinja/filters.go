package jinja

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
)

// filters are Jinja's builtin filters, with transformers' tojson. The table is only read.
var filters map[string]operation

func init() { // not an initializer: filters such as map refer to the table
	filters = map[string]operation{
		"abs":            {signature: "/x", run: filterAbs},
		"attr":           {signature: "obj name", run: filterAttr},
		"batch":          {signature: "value linecount fill_with?", run: filterBatch},
		"capitalize":     {signature: "s", run: textFilter((*machine).capitalize)},
		"center":         {signature: "value width?", run: filterCenter},
		"count":          {signature: "/obj", run: filterLength},
		"default":        {signature: "value default_value? boolean?", run: filterDefault},
		"dictsort":       {signature: "value case_sensitive? by? reverse?", run: filterDictsort},
		"escape":         {signature: "/s", run: textFilter((*machine).escape)},
		"filesizeformat": {signature: "value binary?", run: filterFileSize},
		"first":          {signature: "seq", run: filterFirst},
		"float":          {signature: "value default?", run: filterFloat},
		"forceescape":    {signature: "value", run: textFilter((*machine).escapeAlways)},
		"format":         {any: filterFormat},
		"groupby":        {signature: "value attribute default? case_sensitive?", run: filterGroupby},
		"indent":         {signature: "s width? first? blank?", run: filterIndent},
		"int":            {signature: "value default? base?", run: filterInt},
		"items":          {signature: "value", run: filterItems},
		"join":           {signature: "value d? attribute?", run: filterJoin},
		"last":           {signature: "seq", run: filterLast},
		"length":         {signature: "/obj", run: filterLength},
		"list":           {signature: "value", run: filterList},
		"lower":          {signature: "s", run: textFilter((*machine).lower)},
		"map":            {any: filterMap},
		"max":            {signature: "value case_sensitive? attribute?", run: extreme(true)},
		"min":            {signature: "value case_sensitive? attribute?", run: extreme(false)},
		"pprint":         {signature: "value", run: filterPprint},
		"random":         {signature: "seq", run: filterRandom},
		"reject":         {any: selection(false, false)},
		"rejectattr":     {any: selection(false, true)},
		"replace":        {signature: "s old new count?", run: filterReplace},
		"reverse":        {signature: "value", run: filterReverse},
		"round":          {signature: "value precision? method?", run: filterRound},
		"safe":           {signature: "value", run: textFilter(func(_ *machine, t text) (text, error) { return t.marked(true), nil })},
		"select":         {any: selection(true, false)},
		"selectattr":     {any: selection(true, true)},
		"slice":          {signature: "value slices fill_with?", run: filterSlice},
		"sort":           {signature: "value reverse? case_sensitive? attribute?", run: filterSort},
		"string":         {signature: "/s", run: textFilter(func(_ *machine, t text) (text, error) { return t, nil })},
		"striptags":      {signature: "value", run: textFilter((*machine).stripTags)},
		"sum":            {signature: "iterable attribute? start?", run: filterSum},
		"title":          {signature: "s", run: textFilter((*machine).titleFilter)},
		"tojson":         {signature: "x ensure_ascii? indent? separators? sort_keys?", run: toJSON},
		"trim":           {signature: "value chars?", run: filterTrim},
		"truncate":       {signature: "s length? killwords? end? leeway?", run: filterTruncate},
		"unique":         {signature: "value case_sensitive? attribute?", run: filterUnique},
		"upper":          {signature: "s", run: textFilter((*machine).upper)},
		"urlencode":      {signature: "value", run: filterURLEncode},
		"urlize":         {signature: "value trim_url_limit? nofollow? target? rel? extra_schemes?", run: filterURLize},
		"wordcount":      {signature: "s", run: filterWordCount},
		"wordwrap":       {signature: "s width? break_long_words? wrapstring? break_on_hyphens?", run: filterWordwrap},
		"xmlattr":        {signature: "d autospace?", run: filterXMLAttr},
	}
	filters["d"] = filters["default"]
	filters["e"] = filters["escape"]
}

// textFilter makes a filter of a function on the printed form of a value.
func textFilter(f func(m *machine, t text) (text, error)) func(m *machine, a []Value) (Value, error) {
	return func(m *machine, a []Value) (Value, error) {
		t, err := m.str(a[0])
		if err != nil {
			return nil, err
		}
		return f(m, t)
	}
}

func isNone(v Value) bool {
	_, ok := v.(none)
	return v == nil || ok
}

func isUndefined(v Value) bool {
	_, ok := v.(*undefined)
	return ok
}

// flag reads an optional boolean argument.
func flag(v Value) bool { return v != nil && truth(v) }

// number reads an optional integer argument.
func intArg(v Value, missing int64) (int64, error) {
	if v == nil {
		return missing, nil
	}
	n, ok := clampInt(v)
	if !ok {
		return 0, failf("'%s' object cannot be interpreted as an integer", v.pyType())
	}
	return n, nil
}

func filterAbs(m *machine, a []Value) (Value, error) {
	switch v := a[0].(type) {
	case float:
		return float(math.Abs(float64(v))), nil
	case *undefined:
		return nil, v.raise()
	}
	b, ok := toBig(a[0])
	if !ok {
		return nil, failf("bad operand type for abs(): '%s'", a[0].pyType())
	}
	return fromBig(new(big.Int).Abs(b))
}

func filterAttr(m *machine, a []Value) (Value, error) {
	name, ok := a[1].(text)
	if !ok {
		return nil, failf("attribute name must be string, not '%s'", a[1].pyType())
	}
	if u, ok := a[0].(*undefined); ok {
		return nil, u.raise()
	}
	if v, err := m.attr(a[0], name.s); v != nil || err != nil {
		return v, err
	}
	return missing(a[0], name), nil
}

func filterDefault(_ *machine, a []Value) (Value, error) {
	if isUndefined(a[0]) || flag(a[2]) && !truth(a[0]) {
		if a[1] == nil {
			return text{trusted: true}, nil
		}
		return a[1], nil
	}
	return a[0], nil
}

func filterLength(m *machine, a []Value) (Value, error) {
	n, err := m.length(a[0])
	if err == nil && n < 0 {
		err = failf("object of type '%s' has no len()", a[0].pyType())
	}
	return integer(n), err
}

func filterFormat(m *machine, a callArgs) (Value, error) {
	if len(a.pos) > 1 && len(a.kw) > 0 {
		return nil, failf("can't handle positional and keyword arguments at the same time")
	}
	t, err := m.str(a.pos[0])
	if err != nil {
		return nil, err
	}
	if len(a.kw) == 0 {
		return m.percent(t, &list{items: a.pos[1:], tuple: true})
	}
	d := &Map{}
	for _, k := range a.kw {
		if err := m.set(d, plain(k.name), k.v); err != nil {
			return nil, err
		}
	}
	return m.percent(t, d)
}

func filterFloat(m *machine, a []Value) (Value, error) {
	switch v := a[0].(type) {
	case *undefined:
		return nil, v.raise()
	case text:
		if err := m.scan(len(v.s)); err != nil {
			return nil, err
		}
		if f, ok := parseFloat(v.s); ok {
			return float(f), nil
		}
	default:
		if f, ok := toFloat(v); ok {
			return float(f), nil
		}
	}
	if a[1] == nil {
		return float(0), nil
	}
	return a[1], nil
}

func filterInt(m *machine, a []Value) (Value, error) {
	base, err := intArg(a[2], 10)
	if err != nil {
		return nil, err
	}
	switch v := a[0].(type) {
	case *undefined:
		return nil, v.raise()
	case float:
		if math.IsNaN(float64(v)) {
			break
		}
		return floatToInt(float64(v))
	case text:
		if err := m.step(1 + len(v.s)); err != nil {
			return nil, err
		}
		if n, ok := parseInt(v.s, int(min(base, 99))); ok {
			return n, nil
		}
		if f, ok := parseFloat(v.s); ok && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return floatToInt(f)
		}
	default:
		if b, ok := toBig(v); ok {
			return fromBig(b)
		}
	}
	if a[1] == nil {
		return integer(0), nil
	}
	return a[1], nil
}

func filterRound(m *machine, a []Value) (Value, error) {
	precision, err := intArg(a[1], 0)
	if err != nil {
		return nil, err
	}
	method := "common"
	if a[2] != nil {
		t, _ := a[2].(text)
		method = t.s
	}
	if method != "common" && method != "ceil" && method != "floor" {
		return nil, failf("method must be common, ceil or floor")
	}
	if u, ok := a[0].(*undefined); ok {
		return nil, u.raise()
	}
	f, ok := toFloat(a[0])
	if !ok {
		return nil, failf("type %s doesn't define __round__ method", a[0].pyType())
	}
	if precision > 400 || precision < -400 {
		return nil, failf("precision out of range")
	}
	if method == "common" {
		return roundCommon(a[0], f, int(precision))
	}
	scale := math.Pow(10, float64(precision))
	if method == "ceil" {
		return float(math.Ceil(f*scale) / scale), nil
	}
	return float(math.Floor(f*scale) / scale), nil
}

// roundCommon rounds half to even, exactly.
func roundCommon(v Value, f float64, precision int) (Value, error) {
	b, isInt := toBig(v)
	if isInt {
		if precision >= 0 {
			return fromBig(b)
		}
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-precision)), nil)
		q, r := new(big.Int).DivMod(b, unit, new(big.Int))
		twice := new(big.Int).Lsh(r, 1)
		if c := twice.Cmp(unit); c > 0 || c == 0 && q.Bit(0) == 1 {
			q.Add(q, big.NewInt(1))
		}
		return fromBig(q.Mul(q, unit))
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return v, nil
	}
	if precision < 0 {
		unit := math.Pow(10, float64(-precision))
		return float(math.RoundToEven(f/unit) * unit), nil
	}
	f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'f', precision, 64), 64)
	return float(f), nil
}

func filterFileSize(m *machine, a []Value) (Value, error) {
	v, err := filterFloat(m, []Value{a[0], none{}})
	if err != nil {
		return nil, err
	}
	f, ok := toFloat(v)
	if !ok {
		return nil, failf("could not convert to float: '%s'", a[0].pyType())
	}
	if math.IsNaN(f) || math.IsInf(f, -1) {
		return nil, failf("cannot convert float to integer")
	}
	base, units := 1000.0, "kMGTPEZY"
	suffix := "B"
	if flag(a[1]) {
		base, units, suffix = 1024, "KMGTPEZY", "iB"
	}
	switch {
	case f == 1:
		return plain("1 Byte"), nil
	case f < base:
		return plain(strconv.FormatInt(int64(f), 10) + " Bytes"), nil
	}
	unit := base
	for i := range units {
		unit *= base
		if f < unit || i == len(units)-1 {
			return plain(strconv.FormatFloat(base*f/unit, 'f', 1, 64) + " " + units[i:i+1] + suffix), nil
		}
	}
	return nil, nil
}

func filterTrim(m *machine, a []Value) (Value, error) {
	t, err := m.str(a[0])
	if err != nil {
		return nil, err
	}
	return m.strip(t, a[1], true, true)
}

func filterReplace(m *machine, a []Value) (Value, error) {
	var t [3]text
	for i := range t {
		var err error
		if t[i], err = m.str(a[i]); err != nil {
			return nil, err
		}
	}
	count := int64(-1)
	if !isNone(a[3]) {
		var err error
		if count, err = intArg(a[3], -1); err != nil {
			return nil, err
		}
	}
	return m.replace(t[0], t[1], t[2], int(count))
}

func filterCenter(m *machine, a []Value) (Value, error) {
	t, err := m.str(a[0])
	if err != nil {
		return nil, err
	}
	width, err := intArg(a[1], 80)
	if err != nil {
		return nil, err
	}
	return m.justify(t, width, '^', t.like(" "))
}

func filterIndent(m *machine, a []Value) (Value, error) {
	t, ok := a[0].(text)
	if !ok {
		if u, ok := a[0].(*undefined); ok {
			return nil, u.raise()
		}
		return nil, failf("unsupported operand type(s) for +=: '%s' and 'str'", a[0].pyType())
	}
	in, ok := a[1].(text)
	if !ok {
		n, err := intArg(a[1], 4)
		if err != nil {
			return nil, err
		}
		v, err := m.repeat(t.like(" "), n)
		if err != nil {
			return nil, err
		}
		in = v.(text)
	}
	lines, err := m.lines(t, false)
	if err != nil {
		return nil, err
	}
	if s := t.s; s == "" || endsLine(s) {
		lines = append(lines, t.sub(len(s), len(s)))
	}
	w := newBuilder(m.budget)
	for i, v := range lines {
		line := v.(text)
		if i > 0 {
			if err := w.add(t.like("\n")); err != nil {
				return nil, err
			}
		}
		if i == 0 && flag(a[2]) || i > 0 && (line.s != "" || flag(a[3])) {
			if err := w.add(in); err != nil {
				return nil, err
			}
		}
		if err := w.add(line); err != nil {
			return nil, err
		}
	}
	return w.text().marked(t.safe), nil
}

func filterTruncate(m *machine, a []Value) (Value, error) {
	length, err := intArg(a[1], 255)
	if err != nil {
		return nil, err
	}
	t, isText := a[0].(text)
	end := t.like("...")
	if a[3] != nil {
		var err error
		if end, err = m.str(a[3]); err != nil {
			return nil, err
		}
	}
	leeway := int64(5)
	if !isNone(a[4]) {
		if leeway, err = intArg(a[4], 5); err != nil {
			return nil, err
		}
	}
	keep := length - int64(end.length())
	if keep < 0 || leeway < 0 {
		return nil, failf("expected length >= %d and leeway >= 0", end.length())
	}
	n, err := m.length(a[0])
	switch {
	case err != nil:
		return nil, err
	case n >= 0 && int64(n) <= length+leeway:
		return a[0], nil
	case !isText:
		return nil, failf("'%s' object cannot be truncated", a[0].pyType())
	}
	cut := t.sub(0, t.offset(int(keep)))
	if !flag(a[2]) {
		if i := strings.LastIndexByte(cut.s, ' '); i >= 0 {
			cut = cut.sub(0, i)
		}
	}
	return concat(m.budget, cut, end)
}

func filterJoin(m *machine, a []Value) (Value, error) {
	sep := text{trusted: true}
	if a[1] != nil {
		var err error
		if sep, err = m.str(a[1]); err != nil {
			return nil, err
		}
	}
	next, err := m.iterate(a[0])
	if err != nil {
		return nil, err
	}
	get, err := m.getter(a[2], nil, false)
	if err != nil {
		return nil, err
	}
	w := newBuilder(m.budget)
	for i := 0; ; i++ {
		v, ok, err := next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return w.text(), nil
		}
		if v, err = get(v); err != nil {
			return nil, err
		}
		t, err := m.str(v)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			if err := w.add(sep); err != nil {
				return nil, err
			}
		}
		if err := w.add(t); err != nil {
			return nil, err
		}
	}
}

func filterRandom(m *machine, a []Value) (Value, error) {
	n, err := m.length(a[0])
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return &undefined{hint: "No random item, sequence was empty."}, nil
	}
	if n > 0 {
		if v, err := m.index(a[0], rand.Int64N(int64(n))); v != nil || err != nil {
			return v, err
		}
	}
	return nil, failf("object of type '%s' has no random item", a[0].pyType())
}

// filterPprint prints repr with the keys of maps in order. It does not break lines.
func filterPprint(m *machine, a []Value) (Value, error) {
	v, err := m.keysSorted(a[0], 0)
	if err != nil {
		return nil, err
	}
	w := newBuilder(m.budget)
	if err := m.repr(w, v, 0); err != nil {
		return nil, err
	}
	return w.text(), nil
}

func (m *machine) keysSorted(v Value, depth int) (Value, error) {
	if depth > maxValueDepth {
		return nil, &LimitError{"depth", maxValueDepth}
	}
	switch v := v.(type) {
	case *list:
		out := &list{tuple: v.tuple}
		for _, it := range v.items {
			if err := m.alloc(2 * valueBytes); err != nil {
				return nil, err
			}
			s, err := m.keysSorted(it, depth+1)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, s)
		}
		return out, nil
	case *Map:
		keys, order, err := m.sorted(v.keys, v.keys, false)
		if err != nil {
			return nil, err
		}
		out := &Map{}
		for i, k := range keys {
			val, err := m.keysSorted(v.vals[order[i]], depth+1)
			if err != nil {
				return nil, err
			}
			if err := m.set(out, k, val); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}
