package llm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"llm/asm"
	"llm/internal/arch"
	"llm/internal/constrain"
	"llm/internal/cpu"
	"llm/internal/device"
	"llm/internal/dialect"
	"llm/internal/gguf"
	"llm/internal/sampler"
	"llm/internal/source"
	"llm/internal/tokenizer"
)

// Model is an open checkpoint. Safe for concurrent use; calls made at the same time share one batch.
type Model struct {
	file      *gguf.File
	info      Info
	tok       *Tokenizer
	plan      *device.Plan
	device    device.Device
	runner    device.Runner
	cache     *kvCache
	sched     *scheduler
	log       *slog.Logger
	context   int
	ubatch    int
	threads   int
	scratch   int64
	defaults  sampler.Params
	drawable  []uint64               // bit set of tokens that may be sampled; nil: all
	trie      func() *constrain.Trie // of the vocabulary, made when the first constraint needs it
	templates *recent[string, *spoken]
	functions *recent[functionKey, *dialect.Function]
	rules     *recent[ruleKey, *constrain.Constraint]
	counters  counters
	closed    atomic.Bool
	closing   sync.Once
	closeErr  error
}

// Open maps the checkpoint in src and makes it ready to run. ctx bounds the opening only.
//
// Errors: *FormatError for a checkpoint that is corrupt or not supported, naming what is wrong; ErrUnsupported for an
// option that cannot take effect; those of the source.
func Open(ctx context.Context, src Source, opts ...Option) (*Model, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	f, err := gguf.Open(ctx, src.s, c.progress)
	if err != nil {
		return nil, err
	}
	var m *Model
	err = source.Guard(func() (err error) {
		m, err = newModel(f, c)
		return err
	})
	if err != nil {
		f.Close()
		return nil, named(f.Locate(err), src)
	}
	if err := context.Cause(ctx); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// named completes an error that does not say which file it is about.
func named(err error, src Source) error {
	if f, ok := errors.AsType[*FormatError](err); ok && f.File == "" {
		f.File = src.s.Name()
	}
	return err
}

func newModel(f *gguf.File, c *config) (*Model, error) {
	spec, err := arch.Read(f)
	if err != nil {
		return nil, err
	}
	t, err := tokenizer.New(f)
	if err != nil {
		return nil, err
	}
	m := &Model{file: f, tok: &Tokenizer{t}, plan: plan(spec), log: c.log, ubatch: c.ubatch, threads: c.threads}
	m.templates = newRecent[string, *spoken](maxTemplates)
	m.functions = newRecent[functionKey, *dialect.Function](maxFunctions)
	m.rules = newRecent[ruleKey, *constrain.Constraint](maxRules)
	if m.info, err = describe(f, spec, nil); err != nil {
		return nil, err
	}
	if m.defaults, err = samplingDefaults(f); err != nil {
		return nil, err
	}
	m.drawable = drawable(t, spec.Vocab)
	m.trie = sync.OnceValue(func() *constrain.Trie { return constrain.NewTrie(t) })
	m.context = spec.Context
	if c.context > 0 {
		m.context = c.context
	}
	if m.context > spec.Context {
		m.log.Warn("context is longer than the model was trained for", "context", m.context, "trained", spec.Context)
	}
	if m.ubatch == 0 {
		m.ubatch = defaultUbatch(m.info)
	}
	m.ubatch = min(m.ubatch, m.context)
	if len(spec.Unused) > 0 {
		m.log.Warn("tensors that nothing uses", "count", len(spec.Unused), "first", spec.Unused[0])
	}
	set, err := kernels()
	if err != nil {
		return nil, err
	}
	m.device = cpu.New(c.threads, set)
	if m.runner, err = m.device.Prepare(m.plan, c.kv, m.ubatch); err != nil {
		m.device.Close()
		return nil, err
	}
	m.scratch = m.runner.Bytes()
	m.cache = newKVCache(m.runner, m.plan.Caches, c.memoryLimit)
	m.sched = newScheduler(m.runner, m.ubatch, f.Locate)
	m.log.Info("model open", "architecture", spec.Arch, "device", m.device.Name(), "threads", m.threads, "context", m.context)
	return m, nil
}

// kernels returns the best kernel set of this machine, or the one that the environment asks for.
func kernels() (*asm.Set, error) {
	want := os.Getenv("LLM_KERNELS")
	if want == "" {
		return asm.Best(), nil
	}
	set, ok := asm.ByName(want)
	if !ok {
		return nil, fmt.Errorf("%w: LLM_KERNELS=%s: this build and machine have no such kernels", ErrUnsupported, want)
	}
	return set, nil
}

// Info describes the checkpoint.
func (m *Model) Info() Info { return m.info }

// Tokenizer returns the checkpoint's tokenizer. It must not be used after Close.
func (m *Model) Tokenizer() *Tokenizer { return m.tok }

// Context returns the positions a sequence may have.
func (m *Model) Context() int { return m.context }

// Close refuses new work, ends what is running with ErrClosed, and unmaps the checkpoint. Idempotent.
func (m *Model) Close() error {
	m.closing.Do(func() {
		m.closed.Store(true)
		m.sched.close()
		m.runner.Close()
		m.device.Close()
		m.closeErr = m.file.Close()
	})
	return m.closeErr
}

// Embed will turn texts into vectors. It returns ErrUnsupported.
func (m *Model) Embed(ctx context.Context, texts []string, p EmbedParams) ([][]float32, error) {
	return nil, fmt.Errorf("%w: embeddings", ErrUnsupported)
}

// RestoreSession will read what Session.Snapshot wrote. It returns ErrUnsupported.
func (m *Model) RestoreSession(r io.Reader, opts ...SessionOption) (*Session, error) {
	return nil, fmt.Errorf("%w: snapshots", ErrUnsupported)
}

// Snapshot will write the session. It returns ErrUnsupported.
func (s *Session) Snapshot(w io.Writer) error { return fmt.Errorf("%w: snapshots", ErrUnsupported) }
