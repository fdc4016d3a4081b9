package cpu

import (
	"llm/asm"
	"llm/internal/device"
)

// expertsStep runs the chosen experts of every token. Pairs (token, slot) are sorted by expert, so that an expert's
// weights are read once for all its tokens; a token's results are summed in the order of its own ranking.
type expertsStep struct {
	r                *runner
	op               *device.Experts
	gate, up, down   linear
	inFormat         asm.Format
	hidden           *asm.Input // [pairs, expert width], shared by all layers of this shape
	g, u, y          []float32  // [pairs, …] in sorted order; y may lie where g and u do, which are done with
	hiddenFormat     asm.Format
	chosen           []int32   // [token·used] experts
	weights          []float32 // [token·used]
	offsets          []int32   // [experts+1] first sorted pair of each expert
	tokens           []int32   // [pairs] token of each sorted pair
	places           []int32   // [token·used] sorted place of each pair
	ramp             []int32   // 0, 1, 2, …
	strips           []strip   // (expert, rows)
	routers          []router  // scratch, one a worker
	routeFn, upFn    func(worker, item int)
	quantFn, downFn  func(worker, item int)
	combineFn        func(worker, item int)
	width, downWidth int
}

// expertBuffers are shared by all layers of one shape.
type expertBuffers struct {
	hidden                       *asm.Input
	g, u, y                      []float32
	chosen, tokens, places, ramp []int32
	weights                      []float32
}

// expertBuffers returns the buffers of a shape. If down reads g itself, as floats, y cannot lie there.
func (b *builder) expertBuffers(used, width, out int, floats bool) *expertBuffers {
	key := expertShape{used, width, out, floats}
	if b.expertBufs == nil {
		b.expertBufs = map[expertShape]*expertBuffers{}
	}
	e, ok := b.expertBufs[key]
	if !ok {
		pairs := b.maxTokens * used
		ints := func() []int32 { return make([]int32, pairs) }
		size := max(2*width, out)
		if floats {
			size = 2*width + out
		}
		rows := make([]float32, pairs*size)
		e = &expertBuffers{
			hidden: asm.NewInput(pairs, width), g: rows[:pairs*width], u: rows[pairs*width:][:pairs*width], y: rows[len(rows)-pairs*out:],
			chosen: ints(), tokens: ints(), places: ints(), ramp: ints(), weights: make([]float32, pairs),
		}
		for i := range e.ramp {
			e.ramp[i] = int32(i)
		}
		b.expertBufs[key] = e
		b.bytes += int64(pairs) * int64(size*4+width*3+20)
	}
	return e
}

type expertShape struct {
	used, width, out int
	floats           bool
}

func (b *builder) experts(op *device.Experts) (step, error) {
	s := &expertsStep{r: b.runner, op: op, width: op.Gate.Out, downWidth: op.Down.Out}
	var err error
	var f1, f2 asm.Format
	if s.gate, f1, err = b.linear(&op.Gate); err != nil {
		return nil, err
	}
	if s.up, f2, err = b.linear(&op.Up); err != nil {
		return nil, err
	}
	s.inFormat = f1 | f2
	if s.down, s.hiddenFormat, err = b.linear(&op.Down); err != nil {
		return nil, err
	}
	e := b.expertBuffers(op.Router.Used, s.width, s.downWidth, s.hiddenFormat&asm.Float != 0)
	s.hidden, s.g, s.u, s.y = e.hidden, e.g, e.u, e.y
	s.chosen, s.tokens, s.places, s.ramp, s.weights = e.chosen, e.tokens, e.places, e.ramp, e.weights
	s.offsets = make([]int32, op.Router.N+1)
	for range b.pool.threads() {
		s.routers = append(s.routers, newRouter(&op.Router, b.set))
	}
	s.routeFn, s.upFn, s.quantFn, s.downFn, s.combineFn = s.routeItem, s.upItem, s.quantItem, s.downItem, s.combineItem
	return s, nil
}

func (s *expertsStep) run() {
	r := s.r
	if r.n == 0 {
		return
	}
	r.quantize(s.op.Src, s.inFormat)
	r.eachToken(s.routeFn)
	if r.pool.failed.Load() {
		return // choices may be missing
	}
	s.sort()
	pairs := r.n * s.op.Router.Used
	s.layStrips(s.width, s.gate.rowBytes()+s.up.rowBytes())
	r.pool.run(len(s.strips), s.upFn)
	s.hidden.Reset(pairs, s.width, s.g)
	r.pool.run((pairs+perToken-1)/perToken, s.quantFn)
	s.layStrips(s.downWidth, s.down.rowBytes())
	r.pool.run(len(s.strips), s.downFn)
	r.eachToken(s.combineFn)
	r.wrote(s.op.Dst)
}

func (s *expertsStep) routeItem(worker, i int) {
	from, to := s.r.group(i)
	k := s.op.Router.Used
	for t := from; t < to; t++ {
		s.routers[worker].choose(s.r.row(s.op.Logits, t), s.chosen[t*k:(t+1)*k], s.weights[t*k:(t+1)*k])
	}
}

// sort is a counting sort of the pairs by expert, stable in token order.
func (s *expertsStep) sort() {
	k := s.op.Router.Used
	chosen := s.chosen[:s.r.n*k]
	clear(s.offsets)
	for _, e := range chosen {
		s.offsets[e+1]++
	}
	for e := range s.op.Router.N {
		s.offsets[e+1] += s.offsets[e]
	}
	for i, e := range chosen { // offsets[e] runs to the expert's end
		s.places[i] = s.offsets[e]
		s.tokens[s.offsets[e]] = int32(i / k)
		s.offsets[e]++
	}
	copy(s.offsets[1:], s.offsets[:s.op.Router.N]) // ends become starts again
	s.offsets[0] = 0
}

// layStrips lists the work on rows, of rowBytes each, of every expert that has tokens.
func (s *expertsStep) layStrips(rows, rowBytes int) {
	s.strips = s.strips[:0]
	for e := range s.op.Router.N {
		if n := int(s.offsets[e+1] - s.offsets[e]); n > 0 {
			s.strips = s.r.appendStrips(s.strips, e, rows, rowBytes, n)
		}
	}
}

// upItem computes a strip of an expert's gate and up products and joins them.
func (s *expertsStep) upItem(worker, i int) {
	r := s.r
	if r.stop.Load() {
		return
	}
	st := s.strips[i]
	e, r0, r1 := int(st.m), int(st.r0), int(st.r1)
	from, to := int(s.offsets[e]), int(s.offsets[e+1])
	tokens := s.tokens[from:to]
	g, u := s.g[from*s.width:], s.u[from*s.width:]
	r.set.MatMul(g, s.width, &s.gate.mats[e], r0, r1, r.in, tokens, r.scratch[worker])
	s.gate.finish(g, s.width, len(tokens), e, r0, r1)
	r.set.MatMul(u, s.width, &s.up.mats[e], r0, r1, r.in, tokens, r.scratch[worker])
	s.up.finish(u, s.width, len(tokens), e, r0, r1)
	for j := range tokens {
		row := g[j*s.width+r0 : j*s.width+r1]
		r.activation(s.op.Act, row, row, u[j*s.width+r0:j*s.width+r1])
	}
}

func (s *expertsStep) quantItem(_, i int) {
	s.r.set.Quantize(s.hidden, s.hiddenFormat, i*perToken, min((i+1)*perToken, s.hidden.Tokens()))
}

func (s *expertsStep) downItem(worker, i int) {
	r := s.r
	if r.stop.Load() {
		return
	}
	st := s.strips[i]
	e, r0, r1 := int(st.m), int(st.r0), int(st.r1)
	from, to := int(s.offsets[e]), int(s.offsets[e+1])
	y := s.y[from*s.downWidth:]
	r.set.MatMul(y, s.downWidth, &s.down.mats[e], r0, r1, s.hidden, s.ramp[from:to], r.scratch[worker])
	s.down.finish(y, s.downWidth, to-from, e, r0, r1)
}

// combineItem sums a token's experts, largest score first.
func (s *expertsStep) combineItem(_, i int) {
	from, to := s.r.group(i)
	k := s.op.Router.Used
	for t := from; t < to; t++ {
		dst := s.r.row(s.op.Dst, t)
		clear(dst)
		for slot := t * k; slot < (t+1)*k; slot++ {
			at := int(s.places[slot]) * s.downWidth
			s.r.set.Axpy(dst, s.weights[slot], s.y[at:at+s.downWidth])
		}
	}
}
