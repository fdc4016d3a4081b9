package jinja

// Limits bound one rendering. A zero field means the default, which grows with the size of the variables.
type Limits struct {
	Steps  int64 // nodes evaluated, items iterated, blocks of bytes scanned; default 1 Mi + 8 × input
	Memory int64 // bytes allocated in all, whether or not still in use; default 24 MiB + 128 × input
	Output int64 // bytes of text; default 1 MiB + 8 × input
}

const (
	maxSource     = 1 << 20 // bytes of a template; the longest known one has 40 thousand
	maxParseDepth = 200     // nesting of expressions and blocks in the source
	maxValueDepth = 200     // nesting of lists and maps
	maxCallDepth  = 200     // macros and recursive loops in progress
	maxEvalDepth  = 4000    // expressions and blocks in progress, over all calls
	maxRange      = 100_000
	maxIntBits    = 1 << 16
	maxIntDigits  = 4300 // Python refuses to print or read longer ones

	bytesPerStep = 32 // bytes that cost as much to scan as one node to evaluate
	valueBytes   = 16
	objectBytes  = 64
	runBytes     = 16
)

// resolve fills in the defaults for variables of input bytes.
func (l Limits) resolve(input int64) Limits {
	if l.Steps <= 0 {
		l.Steps = 1<<20 + 8*input
	}
	if l.Memory <= 0 {
		l.Memory = 24<<20 + 128*input
	}
	if l.Output <= 0 {
		l.Output = 1<<20 + 8*input
	}
	return l
}

// budget counts what a rendering has used. Every operation charges it before it works or allocates.
type budget struct {
	limits Limits
	steps  int64
	memory int64
	depth  int
	calls  int
}

func (b *budget) step(n int) error {
	b.steps += int64(n)
	if n < 0 || b.steps > b.limits.Steps {
		return &LimitError{"steps", b.limits.Steps}
	}
	return nil
}

// scan charges for looking at n bytes.
func (b *budget) scan(n int) error { return b.step(1 + n/bytesPerStep) }

// alloc charges for n bytes of memory and for filling them.
func (b *budget) alloc(n int) error {
	if n < 0 || int64(n) > b.limits.Memory-b.memory {
		return &LimitError{"memory", b.limits.Memory}
	}
	b.memory += int64(n)
	return b.step(n / bytesPerStep)
}

// items charges for a list of n values.
func (b *budget) items(n int) error {
	if n < 0 || n > 1<<40 {
		return &LimitError{"memory", b.limits.Memory}
	}
	return b.alloc(objectBytes + n*valueBytes)
}

func (b *budget) enter() error {
	if b.depth++; b.depth > maxEvalDepth {
		return &LimitError{"depth", maxEvalDepth}
	}
	return b.step(1)
}

func (b *budget) leave() { b.depth-- }

func (b *budget) enterCall() error {
	if b.calls++; b.calls > maxCallDepth {
		return &LimitError{"depth", maxCallDepth}
	}
	return nil
}

func (b *budget) leaveCall() { b.calls-- }
