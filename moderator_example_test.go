package llm_test

import (
	"context"
	"fmt"

	"llm"
)

// Card numbers are found however they are written. The bounds let an answer pass after some 20 bytes.
func ExamplePatternModerator() {
	m, err := llm.PatternModerator(map[string][]string{"card number": {`\b\d{4}([ -]?\d{4}){3}\b`}})
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := m.Moderate(context.Background(), "Mine is 1234 5678-90123456.", true)
	fmt.Println(m.Window(), found, err)
	// Output: 19 [{card number 8 26}] <nil>
}
