// Package cpu runs Plans on the processor: a worker pool walks the operations, kernels come from package asm.
//
// Every value depends on its own token only, never on the batch around it: work is split by output rows and by tokens,
// reductions have the fixed order of the kernels, attention runs page by page.
package cpu

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"llm/asm"
	"llm/internal/device"
	"llm/internal/errs"
)

// Device is a worker pool and a set of kernels. It implements device.Device.
type Device struct {
	pool *pool
	set  *asm.Set
}

// New starts a device with that many threads, the caller's own included.
func New(threads int, set *asm.Set) *Device {
	return &Device{pool: newPool(max(1, threads)), set: set}
}

// Name returns "cpu" with the kernel set.
func (d *Device) Name() string { return "cpu " + d.set.Name() }

// Close ends the workers.
func (d *Device) Close() error {
	d.pool.close()
	return nil
}

// step is one operation, ready to run: weights checked, work items laid out, functions bound, so that running it
// allocates nothing.
type step interface{ run() }

// runner runs one Plan.
type runner struct {
	pool  *pool
	set   *asm.Set
	plan  *device.Plan
	steps []step
	pages pages

	maxTokens int
	regs      [][]float32 // [register][maxTokens·width]
	scratch   []*asm.Scratch
	ropes     []*ropeTable

	in        *asm.Input // quantized form of register inReg
	inReg     device.Reg
	inFormats asm.Format
	// the formats that the running quantization fills
	quantizing asm.Format
	quantizeFn func(worker, item int)

	batch *device.Batch
	n     int     // tokens in the registers
	ramp  []int32 // 0, 1, 2, …
	tiles []tile  // runs of neighbouring tokens of one sequence
	stop  *atomic.Bool
	bytes int64
}

// Prepare checks every weight of the plan and allocates all buffers.
func (d *Device) Prepare(p *device.Plan, kv device.KVType, maxTokens int) (device.Runner, error) {
	r := &runner{pool: d.pool, set: d.set, plan: p, maxTokens: maxTokens, inReg: device.None}
	if err := r.pages.init(p.Caches, kv); err != nil {
		return nil, err
	}
	for _, w := range p.Widths {
		r.regs = append(r.regs, make([]float32, maxTokens*w))
		r.bytes += int64(maxTokens) * int64(w) * 4
	}
	for i := range p.Ropes {
		r.ropes = append(r.ropes, newRopeTable(r, &p.Ropes[i]))
	}
	r.quantizeFn = r.quantizeGroup
	r.ramp = make([]int32, maxTokens)
	for i := range r.ramp {
		r.ramp[i] = int32(i)
	}
	b := builder{runner: r}
	for _, op := range p.Ops {
		s, err := b.step(op)
		if err != nil {
			r.pages.close()
			return nil, err
		}
		r.steps = append(r.steps, s)
	}
	r.in = asm.NewInput(maxTokens, b.maxK)
	for range d.pool.threads() {
		r.scratch = append(r.scratch, asm.NewScratch(b.maxK))
	}
	return r, nil
}

// Forward runs the steps in order.
func (r *runner) Forward(b *device.Batch, stop *atomic.Bool) error {
	n := len(b.Tokens)
	if n == 0 {
		return nil
	}
	if n > r.maxTokens || len(b.Pos) != n || len(b.Seq) != n {
		return fmt.Errorf("batch of %d tokens, room for %d", n, r.maxTokens)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	r.batch, r.n, r.stop, r.inReg = b, n, stop, device.None
	r.layTiles()
	for _, t := range r.ropes {
		t.fill()
	}
	for _, s := range r.steps {
		if stop.Load() {
			return errs.ErrStopped
		}
		s.run()
		if err := r.pool.takeError(); err != nil {
			return err
		}
	}
	if stop.Load() {
		return errs.ErrStopped
	}
	return nil
}

func (r *runner) Alloc(group int) (device.Page, error) { return r.pages.alloc(group) }
func (r *runner) Free(group int, p device.Page)        { r.pages.free(group, p) }
func (r *runner) Copy(group int, dst, src device.Page) { r.pages.copy(group, dst, src) }
func (r *runner) PageBytes(group int) int              { return r.pages.groups[group].bytes }
func (r *runner) Bytes() int64                         { return r.bytes + r.pages.total }

func (r *runner) Close() error {
	r.pages.close()
	r.steps, r.regs = nil, nil
	return nil
}

// row returns a token's part of a register.
func (r *runner) row(reg device.Reg, token int) []float32 {
	w := r.plan.Widths[reg]
	return r.regs[reg][token*w : (token+1)*w]
}

// wrote says that a register has new content, so that its quantized form is stale.
func (r *runner) wrote(reg device.Reg) {
	if reg == r.inReg {
		r.inReg = device.None
	}
}

// perToken is how many tokens one item of a per-token step handles.
const perToken = 8

// eachToken runs fn over groups of tokens; fn gets the group's number. A single group runs on the caller.
func (r *runner) eachToken(fn func(worker, group int)) {
	r.pool.run((r.n+perToken-1)/perToken, fn)
}

// group returns the tokens of a group.
func (r *runner) group(i int) (from, to int) {
	return i * perToken, min((i+1)*perToken, r.n)
}
