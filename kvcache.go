package llm

import (
	"sync"

	"llm/internal/device"
)

// kvCache owns the pages of every sequence of a Model: who shares them, when they are copied and when they return.
// The runner's pages are taken, copied and given back by the step loop only (reserve, trim); everybody else changes
// counts, so a Fork or Close never waits for a forward pass.
type kvCache struct {
	run    device.Runner
	groups []device.CacheGroup
	limit  int64 // bytes of pages; 0: none

	mu   sync.Mutex
	refs [][]int32       // [group][page] sequences that hold the page
	free [][]device.Page // [group] pages nobody holds
	used int64           // bytes of pages taken from the runner
}

func newKVCache(run device.Runner, groups []device.CacheGroup, limit int64) *kvCache {
	return &kvCache{run: run, groups: groups, limit: limit, refs: make([][]int32, len(groups)), free: make([][]device.Page, len(groups))}
}

// sequence is the cached rows of one token sequence: positions 0 to n-1, of windowed groups only the newest.
type sequence struct {
	cache *kvCache
	n     int
	tab   device.Table
}

func (c *kvCache) newSequence() *sequence {
	return &sequence{cache: c, tab: device.Table{Pages: make([][]device.Page, len(c.groups)), First: make([]int32, len(c.groups))}}
}

// reserve makes the pages of positions s.n to s.n+count-1 writable: missing ones are taken, shared ones copied.
func (s *sequence) reserve(count int) error {
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	for g := range c.groups {
		pages := &s.tab.Pages[g]
		if len(*pages) == 0 {
			s.tab.First[g] = int32(s.n / device.PageTokens)
		}
		first := int(s.tab.First[g])
		last := (s.n + count - 1) / device.PageTokens
		for i := s.n / device.PageTokens; i <= last; i++ {
			at := i - first
			if at < len(*pages) && c.refs[g][(*pages)[at]] == 1 {
				continue
			}
			p, err := c.take(g)
			if err != nil {
				return err
			}
			if at < len(*pages) {
				old := (*pages)[at]
				c.run.Copy(g, p, old)
				c.release(g, old)
				(*pages)[at] = p
			} else {
				*pages = append(*pages, p)
			}
		}
	}
	return nil
}

// advance counts rows that a forward pass has written, and lets go of pages that no window reaches any more. One page
// more than the window is kept, so that a few tokens can be taken back.
func (s *sequence) advance(count int) {
	s.n += count
	c := s.cache
	for g := range c.groups {
		w := c.groups[g].Window
		if w == 0 {
			continue
		}
		drop := (s.n-w+1)/device.PageTokens - 1 - int(s.tab.First[g])
		if drop <= 0 {
			continue
		}
		c.mu.Lock()
		for _, p := range s.tab.Pages[g][:drop] {
			c.release(g, p)
		}
		c.mu.Unlock()
		rest := copy(s.tab.Pages[g], s.tab.Pages[g][drop:])
		s.tab.Pages[g] = s.tab.Pages[g][:rest]
		s.tab.First[g] += int32(drop)
	}
}

// truncate forgets rows from position n on, and pages reserved for rows that were never written. It returns how many
// rows remain: n at most, or 0 when a window that would be needed to go on from n has been let go.
func (s *sequence) truncate(n int) int {
	c := s.cache
	n = min(n, s.n)
	for g := range c.groups {
		if w := c.groups[g].Window; w > 0 && n < s.n && int(s.tab.First[g])*device.PageTokens > max(0, n-w+1) {
			n = 0
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for g := range c.groups {
		keep := 0
		if n > 0 {
			keep = (n-1)/device.PageTokens + 1 - int(s.tab.First[g])
		}
		for _, p := range s.tab.Pages[g][keep:] {
			c.release(g, p)
		}
		s.tab.Pages[g] = s.tab.Pages[g][:keep]
		if n == 0 {
			s.tab.First[g] = 0
		}
	}
	s.n = n
	return n
}

// fork returns a sequence with the same rows. Pages are shared until one of the two writes to them.
func (s *sequence) fork() *sequence {
	c := s.cache
	f := c.newSequence()
	f.n = s.n
	copy(f.tab.First, s.tab.First)
	c.mu.Lock()
	defer c.mu.Unlock()
	for g, pages := range s.tab.Pages {
		f.tab.Pages[g] = append(f.tab.Pages[g], pages...)
		for _, p := range pages {
			c.refs[g][p]++
		}
	}
	return f
}

// take returns a page held once. The mutex is held.
func (c *kvCache) take(g int) (device.Page, error) {
	if n := len(c.free[g]); n > 0 {
		p := c.free[g][n-1]
		c.free[g] = c.free[g][:n-1]
		c.refs[g][p] = 1
		return p, nil
	}
	size := int64(c.run.PageBytes(g))
	if c.limit > 0 && c.used+size > c.limit {
		c.trim()
		if c.used+size > c.limit {
			return 0, ErrMemoryLimit
		}
	}
	p, err := c.run.Alloc(g)
	if err != nil {
		return 0, err
	}
	c.used += size
	for int(p) >= len(c.refs[g]) {
		c.refs[g] = append(c.refs[g], 0)
	}
	c.refs[g][p] = 1
	return p, nil
}

// release lets go of a page. The mutex is held.
func (c *kvCache) release(g int, p device.Page) {
	if c.refs[g][p]--; c.refs[g][p] == 0 {
		c.free[g] = append(c.free[g], p)
	}
}

// trim gives pages that nobody holds back to the runner. The mutex is held.
func (c *kvCache) trim() {
	for g := range c.free {
		for _, p := range c.free[g] {
			c.run.Free(g, p)
			c.used -= int64(c.run.PageBytes(g))
		}
		c.free[g] = c.free[g][:0]
	}
}

// bytes returns the memory of pages in use and of pages kept for reuse.
func (c *kvCache) bytes() (used, idle int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for g := range c.free {
		idle += int64(len(c.free[g])) * int64(c.run.PageBytes(g))
	}
	return c.used - idle, idle
}
