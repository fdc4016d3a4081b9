package cpu

import (
	"llm/asm"
	"llm/internal/device"
)

// product is a matrix of a matmul step and where its result goes.
type product struct {
	linear
	dst device.Reg
}

// linear is a device.Linear with its matrices checked.
type linear struct {
	mats  []asm.Matrix
	bias  []float32 // nil or [matrix·rows]
	scale float32
	rows  int
}

// finish applies scale and bias to rows r0 to r1 of matrix m for n results that lie stride apart.
func (l *linear) finish(out []float32, stride, n, m, r0, r1 int) {
	if l.scale != 1 {
		for i := range n {
			for r := r0; r < r1; r++ {
				out[i*stride+r] *= l.scale
			}
		}
	}
	if l.bias != nil {
		b := l.bias[m*l.rows : (m+1)*l.rows]
		for i := range n {
			for r := r0; r < r1; r++ {
				out[i*stride+r] += b[r]
			}
		}
	}
}

// strip is rows r0 to r1 of matrix (or product) m: a work item.
type strip struct{ m, r0, r1 int32 }

const (
	// stripRows is for many tokens: enough rows to be worth taking, few enough to share out evenly.
	stripRows = 32
	// With few tokens reading the weights is all there is: a strip has about stripBytes of them, fewer where there are many
	// workers, and at least minStripRows.
	fewTokens    = 5
	stripBytes   = 64 << 10
	minStripRows = 16
)

// appendStrips cuts a matrix of rows of so many bytes into strips for n tokens.
func (r *runner) appendStrips(s []strip, m, rows, rowBytes, n int) []strip {
	step := stripRows
	if n <= fewTokens {
		parts := max(rows*rowBytes/stripBytes, r.pool.threads())
		step = max(minStripRows, ((rows+parts-1)/parts+7)&^7) // kernels like multiples of eight
	}
	for r0 := 0; r0 < rows; r0 += step {
		s = append(s, strip{int32(m), int32(r0), int32(min(r0+step, rows))})
	}
	return s
}

// rowBytes returns the bytes of a row of a matrix.
func (l *linear) rowBytes() int { return l.mats[0].Stride }

// matmulStep multiplies one register by several matrices.
type matmulStep struct {
	r        *runner
	src      device.Reg
	products []product
	formats  asm.Format
	strips   []strip
	fn       func(worker, item int)
}

func (b *builder) matmul(op *device.MatMul) (step, error) {
	s := &matmulStep{r: b.runner, src: op.Src}
	for _, p := range op.Products {
		l, f, err := b.linear(&p.Linear)
		if err != nil {
			return nil, err
		}
		s.products = append(s.products, product{l, p.Dst})
		s.formats |= f
	}
	s.fn = s.item
	return s, nil
}

func (s *matmulStep) run() {
	if s.r.n == 0 {
		return
	}
	s.r.quantize(s.src, s.formats)
	s.strips = s.strips[:0]
	for i := range s.products {
		l := &s.products[i].linear
		s.strips = s.r.appendStrips(s.strips, i, l.rows, l.rowBytes(), s.r.n)
	}
	s.r.pool.run(len(s.strips), s.fn)
	for i := range s.products {
		s.r.wrote(s.products[i].dst)
	}
}

func (s *matmulStep) item(worker, i int) {
	if s.r.stop.Load() {
		return
	}
	st := s.strips[i]
	p := &s.products[st.m]
	r0, r1 := int(st.r0), int(st.r1)
	out := s.r.regs[p.dst]
	s.r.set.MatMul(out, p.rows, &p.mats[0], r0, r1, s.r.in, nil, s.r.scratch[worker])
	p.finish(out, p.rows, s.r.n, 0, r0, r1)
}

// quantize makes the forms of a register that products need, unless they are there.
func (r *runner) quantize(reg device.Reg, formats asm.Format) {
	if reg != r.inReg {
		r.in.Reset(r.n, r.plan.Widths[reg], r.regs[reg])
		r.inReg, r.inFormats = reg, 0
	}
	formats &^= r.inFormats
	if formats&^asm.Float == 0 {
		return
	}
	r.inFormats |= formats
	r.quantizing = formats
	r.eachToken(r.quantizeFn)
}

func (r *runner) quantizeGroup(_, i int) {
	from, to := r.group(i)
	r.set.Quantize(r.in, r.quantizing, from, to)
}

// logitsStep computes the logits of the tokens that are left, a block of rows at a time.
type logitsStep struct {
	r       *runner
	src     device.Reg
	w       linear
	formats asm.Format
	cap     float32
	strips  []strip
	out     []float32 // [logitsRows, vocab]
	block   []int32   // tokens of the block
	fn      func(worker, item int)
}

// logitsBytes bounds the buffer of logits: a few rows of a large vocabulary, more of a small one.
const logitsBytes = 16 << 20

func (b *builder) logits(op *device.Logits) (step, error) {
	l, f, err := b.linear(&op.W)
	if err != nil {
		return nil, err
	}
	s := &logitsStep{r: b.runner, src: op.Src, w: l, formats: f, cap: op.Cap}
	rows := min(b.maxTokens, max(1, logitsBytes/4/l.rows))
	s.out = make([]float32, rows*l.rows)
	b.bytes += int64(len(s.out)) * 4
	s.fn = s.item
	return s, nil
}

func (s *logitsStep) run() {
	if s.r.n == 0 {
		return
	}
	s.r.quantize(s.src, s.formats)
	rows := len(s.out) / s.w.rows
	for from := 0; from < s.r.n; from += rows {
		s.block = s.r.ramp[from:min(from+rows, s.r.n)]
		s.strips = s.r.appendStrips(s.strips[:0], 0, s.w.rows, s.w.rowBytes(), len(s.block))
		s.r.pool.run(len(s.strips), s.fn)
		if s.r.stop.Load() || s.r.pool.failed.Load() {
			return
		}
		for i := range s.block {
			s.r.batch.Emit(from+i, s.out[i*s.w.rows:(i+1)*s.w.rows])
		}
	}
}

func (s *logitsStep) item(worker, i int) {
	if s.r.stop.Load() {
		return
	}
	st := s.strips[i]
	r0, r1 := int(st.r0), int(st.r1)
	s.r.set.MatMul(s.out, s.w.rows, &s.w.mats[0], r0, r1, s.r.in, s.block, s.r.scratch[worker])
	s.w.finish(s.out, s.w.rows, len(s.block), 0, r0, r1)
	if s.cap > 0 {
		for t := range s.block {
			x := s.out[t*s.w.rows+r0 : t*s.w.rows+r1]
			s.r.set.Scale(x, x, 1/s.cap)
			s.r.set.Tanh(x, x)
			s.r.set.Scale(x, x, s.cap)
		}
	}
}
