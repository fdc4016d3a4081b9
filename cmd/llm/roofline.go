package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"llm/internal/mem"
)

// roofline compares generation with what memory gives: every token reads all active weights once.
type roofline struct {
	Read     float64 `json:"read_bytes_per_second"`   // of a plain read loop, best of five passes
	Active   int64   `json:"active_bytes"`            // of a token
	Decode   float64 `json:"decode_bytes_per_second"` // active bytes times the median speed
	Fraction float64 `json:"fraction"`
}

func (r *roofline) String() string {
	return fmt.Sprintf("%-16s %10.2f GB/s read loop, %.2f GB/s generating (%.1f MB a token): %.0f %%", "roofline",
		r.Read/1e9, r.Decode/1e9, float64(r.Active)/1e6, 100*r.Fraction)
}

func (b *benchmark) measureRoofline(tests []figure) (*roofline, error) {
	at := slices.IndexFunc(tests, func(f figure) bool { return strings.HasPrefix(f.Test, "tg") })
	if at < 0 {
		return nil, errors.New("--roofline needs a test of generation: -n more than 0")
	}
	speeds := slices.Sorted(slices.Values(tests[at].Speeds))
	r := &roofline{Active: b.m.Info().ActiveBytes}
	r.Decode = float64(r.Active) * speeds[len(speeds)/2]
	var err error
	if r.Read, err = readSpeed(b.m.Stats().Threads); err != nil {
		return nil, err
	}
	r.Fraction = r.Decode / r.Read
	return r, nil
}

// readSpeed measures how many bytes a second so many goroutines read from a buffer that no cache holds.
func readSpeed(threads int) (float64, error) {
	const size = 1 << 30
	buf, err := mem.Alloc(size)
	if err != nil {
		return 0, err
	}
	defer mem.Free(buf)
	for i := 0; i < size; i += 4096 {
		buf[i] = 1
	}
	words := unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(buf))), size/8)
	best := 0.0
	for range 5 {
		sums := make([]uint64, threads)
		share := len(words) / threads &^ 7
		var wg sync.WaitGroup
		start := time.Now()
		for t := range threads {
			wg.Go(func() { sums[t] = sum(words[t*share : (t+1)*share]) })
		}
		wg.Wait()
		best = max(best, perSecond(threads*share*8, time.Since(start)))
	}
	return best, nil
}

// sum reads eight words, a cache line, at a time.
func sum(w []uint64) uint64 {
	var a, b, c, d uint64
	for ; len(w) >= 8; w = w[8:] {
		a += w[0] + w[4]
		b += w[1] + w[5]
		c += w[2] + w[6]
		d += w[3] + w[7]
	}
	return a + b + c + d
}
