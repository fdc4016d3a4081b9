package cpu

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPoolRunsEveryItemOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 3, 8} {
		p := newPool(threads)
		for round := range 2000 {
			n := round % 37
			seen := make([]atomic.Int32, n)
			p.run(n, func(_, i int) { seen[i].Add(1) })
			for i := range seen {
				require.Equal(t, int32(1), seen[i].Load())
			}
			if round%500 == 0 {
				time.Sleep(time.Millisecond) // workers park
			}
		}
		p.close()
		p.close()
	}
}

// An item that ends only after all others have ended must not keep its worker's share from being done.
func TestPoolSharesWhatAWorkerCannotDo(t *testing.T) {
	for _, threads := range []int{2, 3} {
		p := newPool(threads)
		for stuck := range 20 {
			var others atomic.Int32
			p.run(20, func(_, i int) {
				if i != stuck {
					others.Add(1)
					return
				}
				for others.Load() < 19 {
					runtime.Gosched()
				}
			})
			require.EqualValues(t, 19, others.Load())
		}
		p.close()
	}
}

func TestPoolTurnsPanicIntoError(t *testing.T) {
	p := newPool(3)
	defer p.close()
	p.run(10, func(_, i int) {
		if i == 4 {
			panic("four")
		}
	})
	require.ErrorContains(t, p.takeError(), "four")
	require.NoError(t, p.takeError())
	var ran atomic.Int32
	p.run(10, func(_, _ int) { ran.Add(1) })
	require.EqualValues(t, 10, ran.Load())
}

func TestPoolRunDoesNotAllocate(t *testing.T) {
	p := newPool(2)
	defer p.close()
	var sum atomic.Int64
	fn := func(_, i int) { sum.Add(int64(i)) }
	require.Zero(t, testing.AllocsPerRun(200, func() { p.run(16, fn) }))
}

func BenchmarkRegion(b *testing.B) {
	p := newPool(2)
	defer p.close()
	fn := func(_, _ int) {}
	for b.Loop() {
		p.run(2, fn)
	}
}
