package main

import (
	"context"
	"strings"
	"testing"
)

func TestExtract(t *testing.T) {
	var out strings.Builder
	if err := run(context.Background(), &out, "Maria Lopez, 34, works as a nurse in Madrid."); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"name": "Maria Lopez"`, `"age": 34`, `"city": "Madrid"`, "… /job\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
}
