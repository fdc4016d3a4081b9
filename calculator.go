package llm

import (
	"context"
	"encoding/json"

	"llm/internal/calc"
)

// Calculator returns a tool for exact arithmetic, which models are bad at: fractions of whole numbers of up to some 6,000 digits; no
// expression takes much more than a second. Its name is calculator, its argument {"expression": "15% of 80"}, the result
// {"result": "12"}, with "approximate": true where roots, pi or e come in, and with the exact "fraction" where there is no short
// decimal number. Nothing is executed. It is safe for concurrent use.
func Calculator() Tool { return calculator{} }

type calculator struct{}

func (calculator) Name() string { return "calculator" }

func (calculator) Description() string {
	return "Computes an arithmetic expression exactly. Use it for every calculation instead of computing yourself. " +
		"Operators: + - * / ^ and parentheses, mod for the remainder, % for percent, ! for factorial. Functions: " + calc.Names() + ". " +
		`Examples: "(1250 - 15% of 1250) * 1.19", "2^64 - 1", "round(100/7, 2)", "17 mod 5", "sqrt(2)", "max(3, 8) / 4".`
}

func (calculator) Schema() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"expression":{"type":"string","description":"what to compute, such as 3 * (4.5 + 2)"}},` +
		`"required":["expression"],"additionalProperties":false}`)
}

func (calculator) Call(_ context.Context, args json.RawMessage) (json.RawMessage, error) {
	var in struct {
		Expression string `json:"expression"`
	}
	if err := decodeArguments(args, &in); err != nil {
		return nil, err
	}
	r, err := calc.Eval(in.Expression)
	if err != nil {
		return nil, err
	}
	return encode(r)
}
