package jinja

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// FuzzRender feeds templates and variables of any kind: nothing may panic, no budget be passed, and the spans of the
// result must lie in order within it.
func FuzzRender(f *testing.F) {
	for _, src := range hostile {
		f.Add(src, `{}`)
	}
	f.Add("{{ a.b[c:d:-1]|tojson(indent=2) }}", `{"a":{"b":"é日本"},"c":null,"d":1.5}`)
	var j struct {
		DefaultVars json.RawMessage `json:"default_vars"`
		Cases       []struct{ Template string }
	}
	if path := filepath.Join("..", "..", "..", "shared", "fixtures", "templates", "jinja.json"); fileExists(path) {
		readFixture(f, path, &j)
		for _, c := range j.Cases {
			f.Add(c.Template, string(j.DefaultVars))
		}
	}
	f.Fuzz(func(t *testing.T, src, vars string) {
		tmpl, err := Parse(src)
		if err != nil {
			return
		}
		v, err := FromJSON([]byte(vars))
		if err != nil {
			return
		}
		d, _ := v.(*Map)
		start := time.Now()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		out, err := tmpl.Render(d, Options{Limits: Limits{Steps: 1 << 17, Memory: 4 << 20, Output: 1 << 20}})
		runtime.ReadMemStats(&after)
		if took := time.Since(start); took > 10*time.Second {
			t.Fatal("took", took)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 256<<20 {
			t.Fatal("allocated", n)
		}
		if err != nil {
			return
		}
		at := 0
		for _, s := range out.Trusted {
			if s.Start < at || s.End <= s.Start || s.End > len(out.Text) {
				t.Fatal("spans", out.Trusted, "of", len(out.Text))
			}
			at = s.End
		}
	})
}
