package llm

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"llm/internal/device"
	"llm/internal/errs"
)

// scheduler is the step loop of a Model: one goroutine gathers tokens of all running jobs into a batch, runs the forward
// pass, samples, and hands each job what is its own. Jobs are served first come first served; tokens that are being
// generated go before prompts, so that a long prompt does not stop the others' streams.
//
// What a constraint allows next can take long to find out, if whoever wrote it wants it to. So constrained jobs draw in goroutines
// of their own, side by side, while the loop waits; after maxDrawWait it goes on without those that are not ready.
type scheduler struct {
	run    device.Runner
	ubatch int
	locate func(error) error // completes errors of the mapping

	mu      sync.Mutex
	wake    sync.Cond
	jobs    []*job // in order of arrival
	closing bool
	done    chan struct{}
	awaited int         // jobs of the last step that are drawing
	until   time.Time   // how long they are waited for
	timeout *time.Timer // wakes the loop then

	// of the loop only
	batch device.Batch
	parts []part
	wants []want
	steps uint64
	stop  atomic.Bool
}

// maxBesideAnswers is how many tokens of prompts go into a step with tokens that are being generated: their readers wait for the step.
const maxBesideAnswers = 512

// maxDrawWait is how long a step can be held up by the masks of others: more than an honest one takes, less than a step.
const maxDrawWait = 2 * time.Millisecond

// job is work on one sequence: tokens to compute, and what to do with their logits.
type job struct {
	seq   *sequence
	input []int32 // tokens to compute at positions seq.n …
	fed   int     // of input
	// every calls rows for every token of input, otherwise for the last one only.
	every bool
	rows  func(i int, logits []float32) error
	gen   *generation // nil: the job ends when its input is computed

	draw    func() // draws from gen.row; nil: as soon as there are logits
	hasRow  bool   // gen.row is to be drawn from
	drawing bool   // the loop leaves it alone
	step    uint64 // since when

	started   time.Time // when its first tokens went into a batch
	cancelled atomic.Bool
	paused    bool // the reader is behind
	err       error
	released  chan struct{} // closed when the loop has let go of the sequence
}

// part is the tokens of one job in the batch.
type part struct {
	job   *job
	count int
}

// want is a row of logits that a job asked for: of token i of its input.
type want struct {
	job *job
	i   int
}

func newScheduler(run device.Runner, ubatch int, locate func(error) error) *scheduler {
	s := &scheduler{run: run, ubatch: ubatch, locate: locate, done: make(chan struct{})}
	s.wake.L = &s.mu
	s.batch.Emit = s.emit
	s.timeout = time.AfterFunc(maxDrawWait, s.nudge)
	go s.loop()
	return s
}

// submit queues a job. When ctx ends the job is cancelled; the loop then lets go of it within a layer's time if no other
// job shares its batch. The returned function must be called when nobody waits for the job any more.
func (s *scheduler) submit(ctx context.Context, j *job) (release func(), err error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	j.released = make(chan struct{})
	if j.gen != nil && j.gen.row != nil {
		j.draw = func() { s.draw(j) }
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil, ErrClosed
	}
	s.jobs = append(s.jobs, j)
	s.wake.Signal()
	stop := context.AfterFunc(ctx, func() { s.cancel(j) })
	return func() { stop(); s.cancel(j) }, nil
}

// cancel ends a job early.
func (s *scheduler) cancel(j *job) {
	j.cancelled.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopIfUnwanted()
	s.wake.Signal()
}

// stopIfUnwanted ends the running forward pass if every job in it is cancelled. The mutex is held.
func (s *scheduler) stopIfUnwanted() {
	for _, p := range s.parts {
		if !p.job.cancelled.Load() {
			return
		}
	}
	if len(s.parts) > 0 {
		s.stop.Store(true)
	}
}

// resume tells the loop that a paused job's reader has caught up.
func (s *scheduler) resume(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j.paused {
		j.paused = false
		s.wake.Signal()
	}
}

// nudge has the loop look again.
func (s *scheduler) nudge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake.Signal()
}

// close refuses new jobs, ends the running ones with ErrClosed and waits for the loop.
func (s *scheduler) close() {
	s.mu.Lock()
	s.closing = true
	for _, j := range s.jobs {
		j.cancelled.Store(true)
	}
	s.stopIfUnwanted()
	s.wake.Signal()
	s.mu.Unlock()
	<-s.done
}

func (s *scheduler) loop() {
	defer close(s.done)
	defer s.timeout.Stop()
	for s.gather() {
		s.step()
		s.mu.Lock()
		s.startDrawing()
		s.parts = s.parts[:0]
		s.stop.Store(false)
		s.mu.Unlock()
	}
}

// gather waits for work and fills s.parts. It returns false when the scheduler closes.
func (s *scheduler) gather() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		s.drop()
		if s.closing && len(s.jobs) == 0 {
			return false
		}
		if s.awaited > 0 && time.Now().Before(s.until) {
			s.wake.Wait()
			continue
		}
		room := s.pick(s.ubatch, (*job).generating)
		if len(s.parts) > 0 {
			room = min(room, maxBesideAnswers)
		}
		s.pick(room, (*job).reading)
		if len(s.parts) > 0 {
			return true
		}
		s.wake.Wait()
	}
}

// pick takes tokens of waiting jobs of one kind. The mutex is held.
func (s *scheduler) pick(room int, kind func(*job) bool) int {
	for _, j := range s.jobs {
		n := min(len(j.input)-j.fed, room)
		if n == 0 || !kind(j) {
			continue
		}
		if j.gen != nil && len(j.gen.out) >= ahead {
			j.paused = true
			continue
		}
		if j.started.IsZero() {
			j.started = time.Now()
		}
		s.parts = append(s.parts, part{j, n})
		room -= n
	}
	return room
}

// generating reports whether the job's next tokens are its own: one that it drew, and those that had to follow it.
func (j *job) generating() bool { return j.gen != nil && j.gen.begun }

func (j *job) reading() bool { return !j.generating() }

// drop lets go of jobs that are cancelled or have ended. The mutex is held.
func (s *scheduler) drop() {
	s.jobs = slices.DeleteFunc(s.jobs, func(j *job) bool {
		ended := !j.drawing && (j.err != nil || j.fed == len(j.input) || j.cancelled.Load())
		if ended {
			if j.err == nil && s.closing && !j.finished() {
				j.err = ErrClosed
			}
			j.end()
		}
		return ended
	})
}

// finished reports whether all that was asked for is done.
func (j *job) finished() bool { return j.fed == len(j.input) && (j.gen == nil || j.gen.reason != "") }

func (j *job) end() {
	close(j.released)
	if j.gen != nil {
		close(j.gen.out)
	}
}

// step runs one forward pass over the parts.
func (s *scheduler) step() {
	b := &s.batch
	b.Tokens, b.Pos, b.Seq, b.Seqs, b.Want = b.Tokens[:0], b.Pos[:0], b.Seq[:0], b.Seqs[:0], b.Want[:0]
	s.wants = s.wants[:0]
	for _, p := range s.parts {
		if err := p.job.seq.reserve(p.count); err != nil {
			p.job.err = err
			continue
		}
		s.append(p.job, p.count)
	}
	if len(b.Tokens) == 0 {
		return
	}
	err := s.run.Forward(b, &s.stop)
	if errors.Is(err, errs.ErrStopped) {
		return // every job of the batch is cancelled
	}
	if err != nil {
		err = s.locate(err)
	}
	for _, p := range s.parts {
		switch {
		case p.job.err != nil:
		case err != nil:
			p.job.err = err
		default:
			p.job.advance(p.count)
		}
	}
}

// append puts the next tokens of a job into the batch.
func (s *scheduler) append(j *job, count int) {
	b := &s.batch
	for i := range count {
		at := j.fed + i
		if j.every || at == len(j.input)-1 {
			b.Want = append(b.Want, int32(len(b.Tokens)))
			s.wants = append(s.wants, want{j, at})
		}
		b.Tokens = append(b.Tokens, j.input[at])
		b.Pos = append(b.Pos, int32(j.seq.n+i))
		b.Seq = append(b.Seq, int32(len(b.Seqs)))
	}
	b.Seqs = append(b.Seqs, j.seq.tab)
}

// emit receives a row of logits: it goes to the job's function, or a token is drawn from it.
func (s *scheduler) emit(i int, logits []float32) {
	w := s.wants[i]
	j := w.job
	if j.err != nil || j.cancelled.Load() {
		return
	}
	if j.rows != nil {
		if err := j.rows(w.i, logits); err != nil {
			j.err = err
		}
	}
	switch {
	case j.gen == nil:
	case j.draw != nil:
		copy(j.gen.row, logits)
		j.hasRow = true
	default:
		j.err = j.gen.draw(logits)
	}
}

// advance counts computed tokens.
func (j *job) advance(count int) {
	j.seq.advance(count)
	j.fed += count
	switch {
	case j.gen == nil || j.hasRow:
	case j.fed == len(j.input):
		j.goOn()
	case !j.gen.begun:
		j.gen.report(j.fed)
	}
}

// goOn gives a job the tokens that it drew as its next input.
func (j *job) goOn() {
	if j.gen.reason == "" {
		j.input, j.fed = j.gen.next, 0
	}
}

// startDrawing lets the constrained jobs of the step draw. The mutex is held.
func (s *scheduler) startDrawing() {
	s.steps++
	s.awaited = 0
	for _, p := range s.parts {
		j := p.job
		if !j.hasRow {
			continue
		}
		j.hasRow = false
		if j.err == nil && !j.cancelled.Load() {
			j.drawing, j.step = true, s.steps
			s.awaited++
			go j.draw()
		}
	}
	if s.awaited > 0 {
		s.until = time.Now().Add(maxDrawWait)
		s.timeout.Reset(maxDrawWait)
	}
}

// draw draws for one job, in a goroutine that ends with it, and gives the job back to the loop.
func (s *scheduler) draw(j *job) {
	err := j.gen.draw(j.gen.row)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case j.cancelled.Load():
	case err != nil:
		j.err = err
	default:
		j.goOn()
	}
	j.drawing = false
	if j.step == s.steps {
		s.awaited--
	}
	s.wake.Signal()
}
