package llm

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUbatchByDefault(t *testing.T) {
	require.Equal(t, 512, defaultUbatch(Info{}))
	require.Equal(t, 512, defaultUbatch(Info{Experts: 32, ExpertsUsed: 8}))
	require.Equal(t, 768, defaultUbatch(Info{Experts: 64, ExpertsUsed: 8}))
	require.Equal(t, 100, tiny(t, WithUbatch(100)).Stats().Ubatch)
	m := tiny(t, WithContext(4096))
	require.Equal(t, defaultUbatch(m.Info()), m.Stats().Ubatch)
}

func TestNilOptionsAreNone(t *testing.T) {
	m := tiny(t, nil)
	_, err := m.NewSession(nil)
	require.NoError(t, err)
	newChat(t, m, nil, WithSystem("x"), nil)
}
