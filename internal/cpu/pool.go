package cpu

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"llm/internal/errs"
	"llm/internal/source"
)

// pool is a Model's workers. A region is a number of independent items; each worker has a share of neighbouring items, so
// that it reads memory in order, and then takes what others have left. So a worker that the system preempts delays its
// own item only, and results never depend on who computes what.
type pool struct {
	shares  []share // one a worker
	epoch   uint64  // of the region; run's own
	done    atomic.Int64
	_       [120]byte // the counter is written by all: on its own cache lines
	fn      func(worker, item int)
	workers []*worker
	wg      sync.WaitGroup
	closed  atomic.Bool
	failed  atomic.Bool
	mu      sync.Mutex
	err     error
}

// share is the items that are left of a worker's own. Its ticket holds epoch, end and next item in one word: a worker that
// wakes late finds another epoch and cannot take an item of a region it does not know.
type share struct {
	ticket atomic.Uint64
	_      [120]byte
}

type worker struct {
	id     int
	parked atomic.Bool
	wake   chan struct{}
}

const (
	itemBits = 24
	itemMask = 1<<itemBits - 1
	// spinTime bounds how long a worker waits awake for the next region: longer than the gaps inside a forward pass,
	// shorter than anything a battery or a neighbour notices.
	spinTime = 30 * time.Microsecond
)

// newPool starts threads-1 workers; the caller of run is the remaining one, with number 0.
func newPool(threads int) *pool {
	p := &pool{shares: make([]share, threads)}
	for i := 1; i < threads; i++ {
		w := &worker{id: i, wake: make(chan struct{}, 1)}
		p.workers = append(p.workers, w)
		p.wg.Add(1)
		go p.work(w)
	}
	return p
}

func (p *pool) threads() int { return len(p.workers) + 1 }

// run calls fn(worker, item) for items 0 to items-1 and returns when all are done. Not for concurrent use.
// A fault or panic in fn is kept as the pool's error; the remaining items are skipped.
func (p *pool) run(items int, fn func(worker, item int)) {
	if items <= 0 {
		return
	}
	if items == 1 || len(p.workers) == 0 {
		for i := range items {
			p.call(fn, 0, i)
		}
		return
	}
	p.fn = fn
	p.done.Store(0)
	p.epoch = (p.epoch + 1) & 0xffff
	from, each, more := 0, items/len(p.shares), items%len(p.shares)
	for i := range p.shares {
		to := from + each
		if i < more {
			to++
		}
		p.shares[i].ticket.Store(p.epoch<<(2*itemBits) | uint64(to)<<itemBits | uint64(from))
		from = to
	}
	for _, w := range p.workers[:min(len(p.workers), items-1)] {
		if w.parked.Load() && w.parked.CompareAndSwap(true, false) {
			w.wake <- struct{}{}
		}
	}
	p.take(0, p.epoch)
	for spins := 0; p.done.Load() != int64(items); spins++ {
		if spins > 1000 { // somebody was preempted: let it have this processor
			runtime.Gosched()
		}
	}
}

// take runs items of a region until none is left: those of the worker's own share from the front, others from the back.
func (p *pool) take(id int, epoch uint64) {
	ran := int64(0)
	for i := range p.shares {
		ticket := &p.shares[(id+i)%len(p.shares)].ticket
		for {
			t := ticket.Load()
			next, end := t&itemMask, t>>itemBits&itemMask
			if t>>(2*itemBits) != epoch || next >= end {
				break
			}
			item, rest := next, t+1
			if i > 0 {
				item, rest = end-1, t-1<<itemBits
			}
			if ticket.CompareAndSwap(t, rest) {
				p.call(p.fn, id, int(item))
				ran++
			}
		}
	}
	if ran > 0 {
		p.done.Add(ran)
	}
}

// call runs one item. A fault in mapped memory, the file having been truncated, becomes an error.
func (p *pool) call(fn func(worker, item int), id, item int) {
	if p.failed.Load() {
		return
	}
	defer p.recover()
	fn(id, item)
}

func (p *pool) recover() {
	r := recover()
	if r == nil {
		return
	}
	err := fmt.Errorf("internal error: %v\n%s", r, debug.Stack())
	if f, ok := r.(interface{ Addr() uintptr }); ok {
		err = &errs.FormatError{Offset: -1, Err: &source.Fault{Addr: f.Addr()}}
	}
	p.mu.Lock()
	if p.err == nil {
		p.err = err
	}
	p.mu.Unlock()
	p.failed.Store(true)
}

// takeError returns what went wrong since the last call.
func (p *pool) takeError() error {
	if !p.failed.Load() {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.err
	p.err = nil
	p.failed.Store(false)
	return err
}

func (p *pool) work(w *worker) {
	defer p.wg.Done()
	debug.SetPanicOnFault(true) // this goroutine reads mapped weights
	seen := uint64(0)
	for {
		epoch, ok := p.await(w, seen)
		if !ok {
			return
		}
		seen = epoch
		p.take(w.id, epoch)
	}
}

// await returns the next epoch: it looks for a while, then sleeps until run wakes it.
func (p *pool) await(w *worker, seen uint64) (uint64, bool) {
	ticket := &p.shares[w.id].ticket
	for {
		start := time.Now()
		for i := 0; ; i++ {
			if e := ticket.Load() >> (2 * itemBits); e != seen {
				return e, true
			}
			if p.closed.Load() {
				return 0, false
			}
			if i&63 == 63 && time.Since(start) > spinTime {
				break
			}
		}
		w.parked.Store(true)
		if ticket.Load()>>(2*itemBits) != seen || p.closed.Load() {
			if w.parked.CompareAndSwap(true, false) {
				continue
			}
		}
		<-w.wake
	}
}

func (p *pool) close() {
	if p.closed.Swap(true) {
		return
	}
	for _, w := range p.workers {
		if w.parked.CompareAndSwap(true, false) {
			w.wake <- struct{}{}
		}
	}
	p.wg.Wait()
}
