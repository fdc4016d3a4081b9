package llm

import "sync/atomic"

// Stats is what a Model has done and holds.
type Stats struct {
	Device  string // what computes, with the chosen kernels
	Threads int    // workers
	Ubatch  int    // tokens of a forward pass at most

	Mapped     int64 // bytes of the checkpoint that are mapped or borrowed, shared with other processes
	Copied     int64 // bytes of it that had to be copied into memory of our own
	Scratch    int64 // bytes of activations and buffers
	CacheUsed  int64 // bytes of key/value pages that sequences hold
	CacheSpare int64 // bytes of pages kept for reuse

	Requests  int64 // answers that ended, whatever way
	Filtered  int64 // of them ended by a Moderator: the refusal rate is Filtered / Requests
	Prompt    int64 // prompt tokens of them, reused ones included
	Cached    int64 // prompt tokens that were found in a cache
	Generated int64 // tokens generated
}

type counters struct{ requests, filtered, prompt, cached, generated atomic.Int64 }

// Stats returns a snapshot. Safe for concurrent use.
func (m *Model) Stats() Stats {
	used, spare := m.cache.bytes()
	copied := m.file.Copied()
	return Stats{
		Device: m.device.Name(), Threads: m.threads, Ubatch: m.ubatch,
		Mapped: m.file.Size() - copied, Copied: copied,
		Scratch: m.scratch, CacheUsed: used, CacheSpare: spare,
		Requests: m.counters.requests.Load(), Filtered: m.counters.filtered.Load(), Prompt: m.counters.prompt.Load(),
		Cached: m.counters.cached.Load(), Generated: m.counters.generated.Load(),
	}
}

func (m *Model) count(r *Result) {
	m.counters.requests.Add(1)
	if r.Reason == ReasonFiltered {
		m.counters.filtered.Add(1)
	}
	m.counters.prompt.Add(int64(r.Usage.Prompt))
	m.counters.cached.Add(int64(r.Usage.Cached))
	m.counters.generated.Add(int64(r.Usage.Generated))
}
