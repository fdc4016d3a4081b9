package main

import (
	"context"
	"strings"
	"testing"
)

// The model calls the function and uses what it returns.
func TestTools(t *testing.T) {
	for question, want := range map[string][]string{
		"What's the weather in Paris?": {`→ get_weather({"city":"Paris"})`, `← {"temperature":18,"condition":"cloudy"}`, "cloudy."},
		"What is 37 * 12?":             {`→ calculator({"expression":"37 * 12"})`, `← {"result":"444"}`, "444."},
	} {
		var out strings.Builder
		if err := run(context.Background(), &out, question); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: no %q in %q", question, w, out.String())
			}
		}
	}
}
