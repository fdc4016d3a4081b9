package llm

import (
	"llm/internal/arch"
	"llm/internal/device"
)

// moe plans a mixture-of-experts layer: the router's logits, the shared expert's halves and its gate read one quantized
// copy of x; chosen experts are summed first, the shared expert is added to them.
func (b *planner) moe(m *arch.MoE, x, y device.Reg) {
	logits := b.scratch("router", m.Router.N)
	in := []device.Product{{Linear: m.RouterWeight, Dst: logits}}
	g, u, gate := device.None, device.None, device.None
	if m.Shared != nil {
		g, u = b.scratch("gate", m.Shared.Gate.Out), b.scratch("up", m.Shared.Up.Out)
		in = append(in, device.Product{Linear: m.Shared.Gate, Dst: g}, device.Product{Linear: m.Shared.Up, Dst: u})
		if m.SharedGate.Set() {
			gate = b.scratch("shared gate", 1)
			in = append(in, device.Product{Linear: m.SharedGate, Dst: gate})
		}
	}
	b.op(&device.MatMul{Src: x, Products: in})
	b.op(&device.Experts{Src: x, Logits: logits, Dst: y, Router: m.Router, Gate: m.Gate, Up: m.Up, Down: m.Down, Act: m.Act})
	if m.Shared == nil {
		return
	}
	b.op(&device.Activate{Dst: g, Gate: g, Up: u, Act: m.Shared.Act})
	shared := b.scratch("shared", m.Shared.Down.Out)
	b.op(&device.MatMul{Src: g, Products: []device.Product{{Linear: m.Shared.Down, Dst: shared}}})
	b.op(&device.Add{Dst: y, Src: shared, Gate: gate, Scale: 1})
}
