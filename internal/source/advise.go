package source

// Advice says how a range will be used.
type Advice int

// The kinds of advice: no word, needed soon for every token, needed now and then in no order.
const (
	Normal Advice = iota
	WillNeed
	Random
)

// Advise tells the system how n bytes from off on will be used. It is a hint: without a mapping, outside it or on Windows
// nothing happens.
func (b *Blob) Advise(off, n int64, a Advice) {
	if off < 0 || n <= 0 || off > int64(len(b.mapping)) || n > int64(len(b.mapping))-off {
		return
	}
	advise(b.mapping[off:off+n], a)
}
