package llm

import (
	"fmt"
	"log/slog"
	"strings"

	"llm/internal/cpu"
	"llm/internal/device"
)

// Option changes how a checkpoint is opened. An option that cannot take effect makes Open fail.
type Option func(*config) error

type config struct {
	log         *slog.Logger
	threads     int
	ubatch      int
	context     int
	kv          device.KVType
	memoryLimit int64
	progress    func(done, total int64)
}

// defaultUbatch returns the number of tokens of a forward pass at most. Where experts are many few tokens share each, and what it
// costs to unpack its weights.
func defaultUbatch(i Info) int {
	if i.ExpertsUsed*8 <= i.Experts && i.ExpertsUsed > 0 {
		return 768
	}
	return 512
}

func newConfig(opts []Option) (*config, error) {
	c := &config{log: slog.New(slog.DiscardHandler), threads: cpu.DefaultThreads()}
	return c, apply(c, opts)
}

// apply sets options; nil is none.
func apply[T any, O ~func(*T) error](to *T, opts []O) error {
	for _, o := range opts {
		if o == nil {
			continue
		}
		if err := o(to); err != nil {
			return err
		}
	}
	return nil
}

// WithLogger sends what the Model has to say to l. The default says nothing.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error { c.log = l; return nil }
}

// WithThreads sets the number of workers, 1 to 1024. The default is the number of physical cores this process may use.
func WithThreads(n int) Option {
	return func(c *config) error { return setInt(&c.threads, n, 1, 1024, "threads") }
}

// WithUbatch sets how many tokens go through the model at once at most, 1 to 65536. The default is 512, or 768 for checkpoints whose
// tokens use an eighth of the experts or less; see Stats. More makes long prompts faster, takes more memory and lets requests that come
// meanwhile wait longer. Beside answers that are being generated a prompt takes 512 at most. It does not change results.
func WithUbatch(n int) Option {
	return func(c *config) error { return setInt(&c.ubatch, n, 1, 65536, "ubatch") }
}

// WithContext sets the number of positions of a sequence, 1 to 2²⁴. The default is what the checkpoint was trained for. Memory
// for them is taken as they fill.
func WithContext(tokens int) Option {
	return func(c *config) error { return setInt(&c.context, tokens, 1, 1<<24, "context") }
}

// WithKVType sets how cached keys and values are stored: "f16" (default), "f32" or "q8_0". "f16" takes 16 bits a value: integers
// with a scale for every head and position, which lose less than half-precision floats.
func WithKVType(name string) Option {
	return func(c *config) error {
		switch strings.ToLower(name) {
		case "f16":
			c.kv = device.KVF16
		case "f32":
			c.kv = device.KVF32
		case "q8_0":
			c.kv = device.KVQ8_0
		default:
			return fmt.Errorf("cache type %q: want f16, f32 or q8_0", name)
		}
		return nil
	}
}

// WithMemoryLimit bounds the bytes of the key/value cache of all sequences together. A request that would exceed it
// ends with ErrMemoryLimit.
func WithMemoryLimit(bytes int64) Option {
	return func(c *config) error {
		if bytes <= 0 {
			return fmt.Errorf("memory limit of %d bytes: want more than 0", bytes)
		}
		c.memoryLimit = bytes
		return nil
	}
}

// WithProgress is told how many bytes of a checkpoint that cannot be mapped have been read. Mapped ones open at once and
// report nothing.
func WithProgress(f func(done, total int64)) Option {
	return func(c *config) error { c.progress = f; return nil }
}

// WithBackend names the devices to try, in order: "cpu", and "cuda" once it exists.
func WithBackend(names ...string) Option {
	return func(c *config) error {
		for _, n := range names {
			if n == "cpu" {
				return nil
			}
		}
		return fmt.Errorf("%w: backend %s (this build has cpu)", ErrUnsupported, strings.Join(names, ", "))
	}
}

// Admission says who may wait and for how long when more is asked than can be done. Its policies come later.
type Admission struct{}

// WithAdmission returns ErrUnsupported: requests are served first come first served.
func WithAdmission(Admission) Option {
	return func(*config) error { return fmt.Errorf("%w: admission policies", ErrUnsupported) }
}

func setInt(dst *int, n, low, high int, name string) error {
	if n < low || n > high {
		return fmt.Errorf("%s %d: want %d to %d", name, n, low, high)
	}
	*dst = n
	return nil
}
