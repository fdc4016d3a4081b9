package constrain

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A mask that is stopped, wherever that is, leaves nothing behind that later ones would take for whole.
func TestStoppedMasksLeaveNoTrace(t *testing.T) {
	var list []string
	for i := range 60 {
		list = append(list, fmt.Sprintf(`[a-z ]{%d,%d} [a-y ]{%d,%d} "!"`, 1+i, 200+7*i, 3+i, 300+5*i))
	}
	trie := NewTrie(newTestVocabulary(newRand(), 2000, []string{strings.Repeat("the quick brown fox ", 20)}))
	compile := func() *Constraint {
		k, err := CompileGrammar("root ::= " + strings.Join(list, " | "))
		require.NoError(t, err)
		return k
	}
	rnd := newRand()
	stopped := 0
	for place := range 12 {
		k := compile()
		x, y, fresh := NewMatcher(k, trie), NewMatcher(k, trie), NewMatcher(compile(), trie)
		for range place {
			require.NoError(t, x.Advance('a'))
			require.NoError(t, y.Advance('a'))
			require.NoError(t, fresh.Advance('a'))
		}
		var stop atomic.Bool
		x.StopWhen(&stop)
		timer := time.AfterFunc(time.Duration(rnd.IntN(2000))*time.Microsecond, func() { stop.Store(true) })
		mask, want := make([]uint64, x.Words()), make([]uint64, x.Words())
		x.Mask(mask)
		if timer.Stop() {
			stop.Store(true)
		}
		fresh.Mask(want)
		if !slices.Equal(mask, want) {
			require.Equal(t, make([]uint64, x.Words()), mask, "none or all")
			stopped++
		}
		requireSameMask(t, fresh, y)
	}
	t.Logf("%d of 12 were stopped on the way", stopped)
	x := NewMatcher(compile(), trie)
	var stop atomic.Bool
	stop.Store(true)
	x.StopWhen(&stop)
	mask := make([]uint64, x.Words())
	x.Mask(mask)
	require.Equal(t, make([]uint64, x.Words()), mask)
	stop.Store(false)
	requireSameMask(t, NewMatcher(compile(), trie), x)
}
