package llm

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRecent(t *testing.T) {
	r := newRecent[int, *int](3)
	made := 0
	get := func(k int) *int {
		v, err := r.get(k, func() (*int, error) { made++; return &k, nil })
		require.NoError(t, err)
		require.Equal(t, k, *v)
		return v
	}
	for _, k := range []int{1, 2, 3} {
		require.Same(t, get(k), get(k))
	}
	require.Equal(t, 3, made)
	get(4) // 1 goes
	get(2)
	require.Equal(t, 4, made)
	get(1)
	require.Equal(t, 5, made)
	require.Len(t, r.made, 3)
	require.Len(t, r.order, 3)
	_, err := r.get(9, func() (*int, error) { return nil, errors.New("no") })
	require.Error(t, err)
	get(9)

	shared := newRecent[int, *int](2)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 100 {
				v, _ := shared.get(k%3, func() (*int, error) { return &k, nil })
				if *v%3 != k%3 {
					t.Errorf("%d: %d for %d", i, *v, k)
				}
			}
		})
	}
	wg.Wait()
}
