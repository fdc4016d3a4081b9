package device

import "sync/atomic"

// PageTokens is the number of positions in a cache page, and the block at whose borders attention is split: one number,
// so that a block is contiguous and results do not depend on how a context was filled.
const PageTokens = 64

// KVType is how cached keys and values are stored.
type KVType int

// Cache types. KVF16 is 16 bits a value in the form that suits the device.
const (
	KVF16 KVType = iota
	KVF32
	KVQ8_0
)

// Device is something that can run Plans.
type Device interface {
	// Name is "cpu" or "cuda" with what distinguishes it, for people.
	Name() string
	// Prepare takes everything a Plan needs for batches of up to maxTokens tokens.
	Prepare(p *Plan, kv KVType, maxTokens int) (Runner, error)
	// Close stops the workers. Runners must be closed before.
	Close() error
}

// Page names a page of a cache group. It is an index so that a device can keep pages where it likes.
type Page int32

// Runner runs one Plan. Its methods are called from one goroutine at a time; Alloc, Free and Copy not during Forward.
type Runner interface {
	// Alloc takes a page of a cache group; its content is undefined. Errors: out of memory.
	Alloc(group int) (Page, error)
	// Free gives a page back.
	Free(group int, p Page)
	// Copy makes dst equal to src.
	Copy(group int, dst, src Page)
	// PageBytes is the size of a page of a group.
	PageBytes(group int) int
	// Forward runs the Plan over a batch and calls b.Emit with the logits of each token in b.Want, in that order.
	// It returns errs.ErrStopped soon (within one layer) after stop becomes true. A fault in the mapping is an error
	// (errs.ErrTruncated); the runner stays usable.
	Forward(b *Batch, stop *atomic.Bool) error
	// Bytes is the memory taken: activations and pages.
	Bytes() int64
	Close() error
}

// Batch is the tokens of one forward pass, from any number of sequences. Tokens of a sequence stand in the order of
// their positions; pages for all of them have been allocated.
type Batch struct {
	Tokens []int32
	Pos    []int32 // position of each token in its sequence
	Seq    []int32 // index in Seqs of each token's sequence
	Seqs   []Table // the sequences
	Want   []int32 // indexes in Tokens, ascending
	// Emit receives the logits [Vocab] of token Want[i]. The row may be changed, and is reused after the call.
	Emit func(i int, logits []float32)
}

// Table is where a sequence's cached rows are: for each cache group its pages. Position p of group g is in
// Pages[g][p/PageTokens-First[g]]; pages before First were released because no window reaches them.
type Table struct {
	Pages [][]Page
	First []int32
}
