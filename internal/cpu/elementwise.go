package cpu

import (
	"llm/internal/device"
	"llm/quant"
)

// embedStep looks up a row for each token.
type embedStep struct {
	r   *runner
	op  *device.Embed
	row int // bytes
	fn  func(worker, item int)
}

func (b *builder) embed(op *device.Embed) (step, error) {
	s := &embedStep{r: b.runner, op: op, row: op.W.Type.RowBytes(op.W.In)}
	s.fn = s.item
	return s, nil
}

func (s *embedStep) run() {
	s.r.eachToken(s.fn)
	s.r.wrote(s.op.Dst)
}

func (s *embedStep) item(_, i int) {
	from, to := s.r.group(i)
	for t := from; t < to; t++ {
		dst := s.r.row(s.op.Dst, t)
		at := int(s.r.batch.Tokens[t]) * s.row
		if err := quant.Dequantize(s.op.W.Type, dst, s.op.W.Data[0][at:at+s.row]); err != nil {
			panic(err) // lengths were checked when the plan was made
		}
		if s.op.Scale != 1 {
			s.r.set.Scale(dst, dst, s.op.Scale)
		}
	}
}

// normStep normalizes each token's row, or each of its heads.
type normStep struct {
	r  *runner
	op *device.Normalize
	fn func(worker, item int)
}

func (b *builder) normalize(op *device.Normalize) step {
	s := &normStep{r: b.runner, op: op}
	s.fn = s.item
	return s
}

func (s *normStep) run() {
	s.r.eachToken(s.fn)
	s.r.wrote(s.op.Dst)
}

func (s *normStep) item(_, i int) {
	from, to := s.r.group(i)
	n := &s.op.Norm
	for t := from; t < to; t++ {
		src, dst := s.r.row(s.op.Src, t), s.r.row(s.op.Dst, t)
		w := len(src) / s.op.Groups
		for g := 0; g < len(src); g += w {
			if n.Mean {
				s.r.set.LayerNorm(dst[g:g+w], src[g:g+w], n.Weight, n.Bias, n.Eps)
			} else {
				s.r.set.RMSNorm(dst[g:g+w], src[g:g+w], n.Weight, n.Eps)
			}
		}
	}
}

// activateStep joins the halves of a gated feed-forward network.
type activateStep struct {
	r  *runner
	op *device.Activate
	fn func(worker, item int)
}

func (b *builder) activate(op *device.Activate) step {
	s := &activateStep{r: b.runner, op: op}
	s.fn = s.item
	return s
}

func (s *activateStep) run() {
	s.r.eachToken(s.fn)
	s.r.wrote(s.op.Dst)
}

func (s *activateStep) item(_, i int) {
	from, to := s.r.group(i)
	for t := from; t < to; t++ {
		s.r.activation(s.op.Act, s.r.row(s.op.Dst, t), s.r.row(s.op.Gate, t), s.r.row(s.op.Up, t))
	}
}

func (r *runner) activation(a device.Activation, out, gate, up []float32) {
	switch a {
	case device.SiLU:
		r.set.SiluMul(out, gate, up)
	case device.GELU:
		r.set.GeluMul(out, gate, up)
	case device.SwiGLUOAI:
		r.set.SwigluOAI(out, gate, up)
	}
}

// addStep adds one register to another.
type addStep struct {
	r  *runner
	op *device.Add
	fn func(worker, item int)
}

func (b *builder) add(op *device.Add) step {
	s := &addStep{r: b.runner, op: op}
	s.fn = s.item
	return s
}

func (s *addStep) run() {
	s.r.eachToken(s.fn)
	s.r.wrote(s.op.Dst)
}

func (s *addStep) item(_, i int) {
	from, to := s.r.group(i)
	for t := from; t < to; t++ {
		a := s.op.Scale
		if s.op.Gate != device.None {
			g := s.r.row(s.op.Gate, t)
			s.r.set.Sigmoid(g, g)
			a *= g[0]
		}
		if a == 1 {
			s.r.set.Add(s.r.row(s.op.Dst, t), s.r.row(s.op.Dst, t), s.r.row(s.op.Src, t))
		} else {
			s.r.set.Axpy(s.r.row(s.op.Dst, t), a, s.r.row(s.op.Src, t))
		}
	}
}

// narrowStep moves the rows of the wanted tokens to the front.
type narrowStep struct {
	r    *runner
	keep []device.Reg
}

func (s *narrowStep) run() {
	want := s.r.batch.Want
	for _, reg := range s.keep {
		for i, t := range want {
			if int(t) != i {
				copy(s.r.row(reg, i), s.r.row(reg, int(t)))
			}
		}
		s.r.wrote(reg)
	}
	s.r.n = len(want)
	s.r.inReg = device.None // other registers are lost
}
