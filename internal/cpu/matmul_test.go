package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Strips cover the rows in order, whatever there is to share out; with few tokens none but the last is small or not of whole
// groups of eight rows.
func TestStripsCoverTheRows(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 2))
	for _, threads := range []int{1, 2, 16} {
		r := &runner{pool: newPool(threads)}
		for range 100 {
			rows, rowBytes, n := 1+g.IntN(3000), 1+g.IntN(20_000), 1+g.IntN(10)
			next := int32(0)
			for _, s := range r.appendStrips(nil, 7, rows, rowBytes, n) {
				require.Equal(t, next, s.r0)
				require.EqualValues(t, 7, s.m)
				require.Greater(t, s.r1, s.r0)
				if int(s.r1) != rows {
					require.GreaterOrEqual(t, s.r1-s.r0, int32(minStripRows))
					require.Zero(t, (s.r1-s.r0)%8)
				}
				next = s.r1
			}
			require.EqualValues(t, rows, next)
		}
		r.pool.close()
	}
}
