package arch

import "math"

// hasKey reports whether the file has the key of this architecture.
func (r *reader) hasKey(key string) bool { return r.f.Has(r.arch + "." + key) }

// text returns a string under its full key.
func (r *reader) text(key, def string) string {
	s, err := r.f.Str(key, def)
	if err != nil {
		r.fail(key, err)
	}
	return s
}

// size returns a number from 1 to limit that the file must have.
func (r *reader) size(key string, limit int) int {
	if !r.hasKey(key) {
		r.corrupt(r.arch+"."+key, "is missing")
		return 0
	}
	n := r.sizeOr(key, 0, limit)
	if n == 0 {
		r.corrupt(r.arch+"."+key, "is 0")
	}
	return n
}

// sizeOr returns a number from 0 to limit.
func (r *reader) sizeOr(key string, def, limit int) int {
	key = r.arch + "." + key
	n, err := r.f.Uint(key, uint64(max(def, 0)))
	if err != nil {
		r.fail(key, err)
		return 0
	}
	return r.within(key, n, limit)
}

func (r *reader) within(key string, n uint64, limit int) int {
	if n > uint64(max(limit, 0)) {
		r.corrupt(key, "%d is more than %d", n, limit)
		return 0
	}
	return int(n)
}

// Numbers of this size and their inverses fit a float32.
const tiny, huge = 1e-30, 1e30

// floatOr returns a number that fits a float32.
func (r *reader) floatOr(key string, def float64) float64 {
	key = r.arch + "." + key
	x, err := r.f.Float(key, def)
	if err != nil {
		r.fail(key, err)
		return 0
	}
	if !(math.Abs(x) <= huge) {
		r.corrupt(key, "%v is not a number up to %v", x, huge)
		return 0
	}
	return x
}

// positive returns a number well above 0 that the file must have.
func (r *reader) positive(key string) float64 {
	x := r.floatOr(key, 0)
	if x < tiny {
		r.corrupt(r.arch+"."+key, "%v is not a number above 0", x)
		return 1
	}
	return x
}

func (r *reader) boolOr(key string, def bool) bool {
	b, err := r.f.Bool(r.arch+"."+key, def)
	if err != nil {
		r.fail(r.arch+"."+key, err)
	}
	return b
}
