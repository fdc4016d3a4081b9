package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// runAll runs calls, all allowed, and returns the outcomes and the order in which they were reported.
func runAll(ctx context.Context, r *toolRunner, calls ...ToolCall) (outcomes []toolOutcome, order []int) {
	pending := pendingCalls(calls...)
	outcomes = r.run(ctx, pending, slices.Repeat([]Decision{Allow}, len(calls)), func(i int, o toolOutcome) bool {
		order = append(order, i)
		return true
	})
	return outcomes, order
}

// numbered are calls of a tool whose arguments differ.
func numbered(name string, n int) []ToolCall {
	calls := make([]ToolCall, n)
	for i := range calls {
		calls[i] = ToolCall{Name: name, Arguments: json.RawMessage(fmt.Sprintf(`{"i":%d}`, i))}
	}
	return calls
}

func returning(name string, out string, err error) Tool {
	return funcTool{name: name, fn: func(context.Context, json.RawMessage) (json.RawMessage, error) { return json.RawMessage(out), err }}
}

func errorText(t testing.TB, o toolOutcome) string {
	t.Helper()
	require.True(t, o.Failed, "%s", o.Output)
	var e map[string]string
	require.NoError(t, json.Unmarshal(o.Output, &e))
	require.Len(t, e, 1)
	return e["error"]
}

// toolEvent is the beginning or the end of a call.
type toolEvent struct {
	call  int
	begin bool
}

// Random batches, in a time that costs nothing: each call that may run runs once, at most four at a time, serial ones alone, in
// order; outcomes are those of their calls, and are reported as they come.
func TestRandomBatches(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		synctest.Test(t, func(t *testing.T) { randomBatch(t, r) })
	}
}

func randomBatch(t *testing.T, r *rand.Rand) {
	const kinds = 5
	var mu sync.Mutex
	var events []toolEvent
	log := func(e toolEvent) { mu.Lock(); events = append(events, e); mu.Unlock() }
	type plan struct {
		tool          int
		last          time.Duration
		fails, panics bool
	}
	plans := make([]plan, r.IntN(12))
	var serial [kinds]bool
	var limit [kinds]int
	var tools []Tool
	for k := range kinds {
		serial[k] = r.IntN(3) == 0
		if r.IntN(3) == 0 {
			limit[k] = 1 + r.IntN(3)
		}
		f := funcTool{name: fmt.Sprintf("tool%d", k), fn: func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
			var in struct{ I int }
			if err := json.Unmarshal(args, &in); err != nil {
				return nil, err
			}
			call, step, ok := ToolCallFrom(ctx)
			if !ok || step != 7 || call.ID != fmt.Sprint(in.I) || !bytes.Equal(call.Arguments, args) {
				return nil, errors.New("context of another call")
			}
			p := plans[in.I]
			log(toolEvent{in.I, true})
			defer log(toolEvent{in.I, false})
			time.Sleep(p.last)
			switch {
			case p.panics:
				panic("planned")
			case p.fails:
				return nil, fmt.Errorf("error %d", in.I)
			}
			return json.RawMessage(fmt.Sprint(in.I)), nil
		}}
		tools = append(tools, WithToolOptions(f, ToolOptions{Serial: serial[k], MaxCalls: limit[k]}))
	}
	var calls []PendingCall
	for i := range plans {
		k := r.IntN(kinds)
		// No two calls end at the same time: the nanoseconds tell after which others each of them ran.
		plans[i] = plan{tool: k, last: time.Duration(r.IntN(9))*time.Millisecond + 1<<i, fails: r.IntN(5) == 0, panics: r.IntN(5) == 0}
		calls = append(calls, PendingCall{ToolCall{ID: fmt.Sprint(i), Name: fmt.Sprintf("tool%d", k), Arguments: json.RawMessage(fmt.Sprintf(`{"i":%d}`, i))}, 7})
	}
	total := r.IntN(16) - 1
	if total == 0 {
		total = defaultToolCalls
	}
	runner := newBox(t, tools...).runner(Limits{ToolCalls: total})
	var order []int
	out := runner.run(t.Context(), calls, slices.Repeat([]Decision{Allow}, len(calls)), func(i int, o toolOutcome) bool {
		order = append(order, i)
		return true
	})
	require.Len(t, out, len(calls))

	var expectRun []int
	var used [kinds]int
	for i, p := range plans {
		require.Equal(t, calls[i].Call, out[i].Call)
		used[p.tool]++
		switch {
		case total >= 0 && i >= total:
			require.Contains(t, errorText(t, out[i]), fmt.Sprintf("limit of %d tool calls", total))
			require.True(t, out[i].Limit)
			continue
		case limit[p.tool] > 0 && used[p.tool] > limit[p.tool]:
			require.Contains(t, errorText(t, out[i]), fmt.Sprintf("limit of %d calls of this tool", limit[p.tool]))
		case p.panics:
			require.Equal(t, "the tool failed", errorText(t, out[i]))
			expectRun = append(expectRun, i)
		case p.fails:
			require.Equal(t, fmt.Sprintf("error %d", i), errorText(t, out[i]))
			expectRun = append(expectRun, i)
		default:
			require.Equal(t, toolOutcome{Call: calls[i].Call, Output: json.RawMessage(fmt.Sprint(i))}, out[i])
			expectRun = append(expectRun, i)
		}
		require.False(t, out[i].Limit)
	}

	running := map[int]bool{}
	var begun, ended []int
	for _, e := range events {
		if e.begin {
			running[e.call] = true
			begun = append(begun, e.call)
		} else {
			delete(running, e.call)
			ended = append(ended, e.call)
		}
		require.LessOrEqual(t, len(running), maxParallelTools)
		for c := range running {
			require.True(t, len(running) == 1 || !serial[plans[c].tool], "serial call %d beside others", c)
		}
	}
	require.ElementsMatch(t, expectRun, begun)
	for i, a := range begun { // in order; those that begin at the same time may overtake each other
		for _, b := range begun[i+1:] {
			apart := slices.Index(expectRun, a) - slices.Index(expectRun, b)
			require.True(t, apart < 0 || apart < maxParallelTools && !serial[plans[a].tool] && !serial[plans[b].tool], "%d began before %d", a, b)
		}
	}
	refused := slices.DeleteFunc(slices.Sorted(slices.Values(order)), func(i int) bool { return slices.Contains(expectRun, i) })
	require.Equal(t, append(refused, ended...), order)
}

// Four run at once where nothing forbids it.
func TestCallsRunInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t, funcTool{name: "nap", fn: func(context.Context, json.RawMessage) (json.RawMessage, error) {
			time.Sleep(time.Second)
			return nil, nil
		}})
		start := time.Now()
		runAll(t.Context(), b.runner(Limits{}), numbered("nap", 9)...)
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestToolErrors(t *testing.T) {
	wrapped := fmt.Errorf("disk is full: %w", ErrStopTurn)
	var log bytes.Buffer
	b := newBox(t,
		returning("fine", `{"a":1}`, nil), returning("text", "some text", nil), returning("nothing", "", nil),
		returning("fails", `"ignored"`, errors.New(`no "such" <file>`)), returning("stops", `"bye"`, ErrStopTurn), returning("breaks", `1`, wrapped),
		WithToolOptions(returning("direct", `2`, nil), ToolOptions{ReturnDirect: true}),
		WithToolOptions(returning("direct-fails", `2`, errors.New("x")), ToolOptions{ReturnDirect: true}),
		funcTool{name: "exits", fn: func(context.Context, json.RawMessage) (json.RawMessage, error) { runtime.Goexit(); return nil, nil }},
		funcTool{name: "panics", fn: func(context.Context, json.RawMessage) (json.RawMessage, error) { panic("secret 42") }},
		funcTool{name: "bad-error", fn: func(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, (*panickyError)(nil) }},
	)
	b.log = slog.New(slog.NewTextHandler(&log, nil))
	var calls []ToolCall
	for _, n := range append(b.names(), "unknown") {
		calls = append(calls, ToolCall{Name: n})
	}
	calls = append(calls, ToolCall{Name: "fine", Arguments: json.RawMessage("{oops")})
	got, _ := runAll(t.Context(), b.runner(Limits{}), calls...)
	with := func(i int, o toolOutcome) toolOutcome {
		o.Call = ToolCall{Name: calls[i].Name, Arguments: json.RawMessage("{}")}
		if calls[i].Arguments != nil {
			o.Call.Arguments = calls[i].Arguments
		}
		return o
	}
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	stopped := with(5, toolOutcome{}).Call
	for i, want := range []toolOutcome{
		{Output: raw(`{"a":1}`)},
		{Output: raw(`"some text"`)},
		{Output: raw(`null`)},
		{Output: raw(`{"error":"no \"such\" <file>"}`), Failed: true},
		{Output: raw(`"bye"`), Stop: true},
		{Output: raw(`{"error":"disk is full: tool ends the answer"}`), Failed: true, Stop: true, Err: &ToolError{stopped, wrapped}},
		{Output: raw(`2`), Direct: true},
		{Output: raw(`{"error":"x"}`), Failed: true},
		{Output: raw(`{"error":"the tool failed"}`), Failed: true},
		{Output: raw(`{"error":"the tool failed"}`), Failed: true},
		{Output: raw(`{"error":"the tool failed"}`), Failed: true},
		{Output: raw(`{"error":"there is no tool \"unknown\"; there are: ` + strings.Join(b.names(), ", ") + `"}`), Failed: true},
		{Output: raw(`{"error":"arguments are no JSON object"}`), Failed: true},
	} {
		require.Equal(t, with(i, want), got[i], calls[i].Name)
	}
	require.ErrorIs(t, got[5].Err, ErrStopTurn)
	require.Contains(t, log.String(), "secret 42")
	require.Contains(t, log.String(), "toolrun_test.go")
}

type panickyError struct{ text string }

func (e *panickyError) Error() string { return e.text }

func TestToolsCannotChangeTheCall(t *testing.T) {
	b := newBox(t, funcTool{name: "a", fn: func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
		call, _, _ := ToolCallFrom(ctx)
		args[1], call.Arguments[1] = '!', '?'
		again, _, _ := ToolCallFrom(ctx)
		return nil, fmt.Errorf("%s", again.ID)
	}})
	call := ToolCall{ID: "x", Name: "a", Arguments: json.RawMessage(`{"a":1}`)}
	out, _ := runAll(t.Context(), b.runner(Limits{}), call)
	require.Equal(t, "x", errorText(t, out[0]))
	require.Equal(t, `{"a":1}`, string(call.Arguments))
	require.Equal(t, `{"a":1}`, string(out[0].Call.Arguments))
	_, _, ok := ToolCallFrom(t.Context())
	require.False(t, ok)
}

// Denied, edited and deferred calls: exactly the allowed and edited ones run.
func TestDecisionsAreCarriedOut(t *testing.T) {
	var mu sync.Mutex
	var ran []string
	b := newBox(t, funcTool{name: "a", fn: func(_ context.Context, args json.RawMessage) (json.RawMessage, error) {
		mu.Lock()
		defer mu.Unlock()
		ran = append(ran, string(args))
		return args, nil
	}})
	calls := pendingCalls(numbered("a", 5)...)
	decisions := []Decision{Deny("not today"), Edit(json.RawMessage(`{"i":"edited"}`)), {}, Allow, Deny("")}
	var order []int
	out := b.runner(Limits{}).run(t.Context(), calls, decisions, func(i int, o toolOutcome) bool { order = append(order, i); return true })
	require.Equal(t, "this call was denied: not today", errorText(t, out[0]))
	require.Equal(t, `{"i":"edited"}`, string(out[1].Output))
	require.Equal(t, `{"i":"edited"}`, string(out[1].Call.Arguments))
	require.Equal(t, toolOutcome{Call: calls[2].Call, Deferred: true}, out[2])
	require.Equal(t, `{"i":3}`, string(out[3].Output))
	require.Equal(t, "this call was denied", errorText(t, out[4]))
	require.ElementsMatch(t, []string{`{"i":"edited"}`, `{"i":3}`}, ran)
	require.Equal(t, []int{0, 4}, order[:2])
	require.ElementsMatch(t, []int{1, 3}, order[2:])
}

func TestArgumentsAreValidated(t *testing.T) {
	b := newBox(t, funcTool{name: "a", fn: func(context.Context, json.RawMessage) (json.RawMessage, error) { panic("must not run") }})
	b.validate = func(name string, args json.RawMessage) error {
		return fmt.Errorf("%s: /i is missing in %s", name, args)
	}
	out, _ := runAll(t.Context(), b.runner(Limits{}), ToolCall{Name: "a"})
	require.Equal(t, "a: /i is missing in {}", errorText(t, out[0]))
}

// MaxOutput bounds whatever a model reads as the result of a tool's call, also if the tool did not run.
func TestMaxOutputBoundsRefusals(t *testing.T) {
	box := newBox(t, WithToolOptions(funcTool{name: "wide"}, ToolOptions{MaxOutput: minToolOutput}), funcTool{name: "plain"})
	box.validate = func(string, json.RawMessage) error { return errors.New(strings.Repeat("wrong, ", 200)) }
	out, _ := runAll(t.Context(), box.runner(Limits{}), ToolCall{ID: "1", Name: "wide"}, ToolCall{ID: "2", Name: "plain"})
	for i, limit := range []int{minToolOutput, maxToolOutput} {
		require.True(t, out[i].Failed)
		require.LessOrEqual(t, len(out[i].Output), limit)
		require.True(t, json.Valid(out[i].Output))
	}
	require.Contains(t, string(out[0].Output), "[cut: the beginning of 1400 bytes]")
	require.Greater(t, len(out[1].Output), 1400)

	reason := strings.Repeat("no, ", 100)
	denied := box.runner(Limits{}).run(t.Context(), pendingCalls(ToolCall{ID: "1", Name: "wide"}), []Decision{Deny(reason)}, func(int, toolOutcome) bool { return true })
	require.LessOrEqual(t, len(denied[0].Output), minToolOutput)
}

// The same call runs twice; the third time the model is told, the fourth time the answer ends. Arguments count as the same however
// they are written.
func TestRepeatedCalls(t *testing.T) {
	b := newBox(t, returning("a", "1", nil), returning("b", "1", nil))
	r := b.runner(Limits{})
	args := []string{`{"x":1,"y":"é"}`, ` {"y":"\u00e9", "x":1}`, `{"y":"é","x":1}`, `{"x":1,"y":"é" }`}
	for i, a := range args {
		out, _ := runAll(t.Context(), r, ToolCall{ID: fmt.Sprint(i), Name: "a", Arguments: json.RawMessage(a)},
			ToolCall{Name: "a", Arguments: json.RawMessage(fmt.Sprintf(`{"x":1,"y":%d}`, i))}, ToolCall{Name: "b", Arguments: json.RawMessage(`{"x":9007199254740993}`)})
		if i < 2 {
			require.False(t, out[0].Failed)
			require.False(t, out[2].Failed)
		} else {
			want := fmt.Sprintf("this call was made %d times with the same arguments: it was not run again", i+1)
			require.Equal(t, want, errorText(t, out[0]))
			require.Equal(t, want, errorText(t, out[2]))
		}
		require.Equal(t, i == 3, out[0].Limit)
		require.False(t, out[1].Failed, "other arguments")
	}
	out, _ := runAll(t.Context(), r, ToolCall{Name: "b", Arguments: json.RawMessage(`{"x":9007199254740992}`)})
	require.False(t, out[0].Failed, "another number")
	out, _ = runAll(t.Context(), b.runner(Limits{}), ToolCall{Name: "a", Arguments: json.RawMessage(args[0])})
	require.False(t, out[0].Failed, "another answer")
}

// A model that insists on a denied call is stopped as well.
func TestRepeatedDeniedCalls(t *testing.T) {
	r := newBox(t, returning("a", "1", nil)).runner(Limits{})
	var texts []string
	for range 4 {
		out := r.run(t.Context(), pendingCalls(ToolCall{Name: "a"}), []Decision{Deny("no")}, func(int, toolOutcome) bool { return true })
		texts = append(texts, errorText(t, out[0]))
		require.Equal(t, len(texts) == 4, out[0].Limit)
	}
	require.Equal(t, []string{"this call was denied: no", "this call was denied: no"}, texts[:2])
}

func TestLimitOfToolCalls(t *testing.T) {
	b := newBox(t, returning("a", "1", nil))
	for limit, want := range map[int]int{0: 32, 1: 1, 5: 5, -1: 40} {
		out, _ := runAll(t.Context(), b.runner(Limits{ToolCalls: limit}), numbered("a", 40)...)
		require.Equal(t, want, slices.IndexFunc(append(out, toolOutcome{Failed: true, Limit: true}), func(o toolOutcome) bool { return o.Failed && o.Limit }))
	}
}

// A tool that minds its context ends by itself, one that does not is abandoned, and both are reported the same.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		minds := funcTool{name: "minds", fn: func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("gave up: %w", ctx.Err())
		}}
		ignores := funcTool{name: "ignores", fn: func(context.Context, json.RawMessage) (json.RawMessage, error) {
			time.Sleep(time.Hour)
			return json.RawMessage(`"late"`), nil
		}}
		quick := funcTool{name: "quick", fn: func(context.Context, json.RawMessage) (json.RawMessage, error) {
			time.Sleep(time.Second)
			return json.RawMessage(`"in time"`), nil
		}}
		long := time.Duration(math.MaxInt64)
		b := newBox(t, WithToolOptions(minds, ToolOptions{Timeout: 2 * time.Second}), WithToolOptions(ignores, ToolOptions{Timeout: 3 * time.Second}),
			WithToolOptions(quick, ToolOptions{Timeout: long}))
		b.log = slog.New(slog.NewTextHandler(&log, nil))
		start := time.Now()
		out, order := runAll(t.Context(), b.runner(Limits{}), ToolCall{Name: "ignores"}, ToolCall{Name: "minds"}, ToolCall{Name: "quick"})
		require.Equal(t, 3*time.Second+toolGrace, time.Since(start))
		require.Equal(t, []int{2, 1, 0}, order)
		require.Equal(t, "timed out after 3s", errorText(t, out[0]))
		require.Equal(t, "timed out after 2s", errorText(t, out[1]))
		require.Equal(t, `"in time"`, string(out[2].Output))
		letEnd()
		require.Equal(t, 1, strings.Count(log.String(), "abandoned"))
	})
}

// An abandoned call that comes back while others run is not counted twice.
func TestAbandonedCallComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nap := func(name string, d time.Duration) Tool {
			return funcTool{name: name, fn: func(context.Context, json.RawMessage) (json.RawMessage, error) { time.Sleep(d); return nil, nil }}
		}
		b := newBox(t, WithToolOptions(nap("late", 2*time.Second), ToolOptions{Timeout: time.Second}), nap("long", 10*time.Second))
		out, order := runAll(t.Context(), b.runner(Limits{}), append([]ToolCall{{Name: "late"}}, numbered("long", 8)...)...)
		require.Equal(t, "timed out after 1s", errorText(t, out[0]))
		require.Len(t, order, 9)
		for _, o := range out[1:] {
			require.Equal(t, "null", string(o.Output))
		}
	})
}

// A Serial tool never runs beside itself, whichever answer calls it, even where it was abandoned.
func TestSerialToolIsAloneInAllAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running, most := 0, 0
		var mu sync.Mutex
		add := func(n int) { mu.Lock(); running += n; most = max(most, running); mu.Unlock() }
		tool := WithToolOptions(funcTool{name: "write", fn: func(context.Context, json.RawMessage) (json.RawMessage, error) {
			add(1)
			defer add(-1)
			time.Sleep(time.Second)
			return nil, nil
		}}, ToolOptions{Serial: true, Timeout: 2500 * time.Millisecond})
		var wg sync.WaitGroup
		failed := 0
		for range 3 {
			wg.Go(func() {
				out, _ := runAll(t.Context(), newBox(t, tool).runner(Limits{}), ToolCall{Name: "write"})
				mu.Lock()
				defer mu.Unlock()
				if out[0].Failed {
					failed++
				}
			})
		}
		wg.Wait()
		letEnd()
		require.Equal(t, 1, most)
		require.Zero(t, running)
		require.Equal(t, 1, failed, "the third has waited for two seconds when it begins, and needs one more")
	})
}

// letEnd waits for tools that ignore their context. The bubble then fails if any goroutine is left.
func letEnd() {
	time.Sleep(2 * time.Hour)
	synctest.Wait()
}

func TestCancelReturnsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stopped sync.WaitGroup
		b := newBox(t, funcTool{name: "minds", fn: func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
			defer stopped.Done()
			<-ctx.Done()
			time.Sleep(time.Millisecond)
			return nil, ctx.Err()
		}}, funcTool{name: "ignores", fn: func(context.Context, json.RawMessage) (json.RawMessage, error) {
			time.Sleep(time.Hour)
			return nil, nil
		}}, returning("quick", "1", nil))
		stopped.Add(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		calls := append([]ToolCall{{Name: "quick"}, {Name: "minds"}}, numbered("ignores", 5)...)
		out, order := runAll(ctx, b.runner(Limits{}), calls...)
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, []int{0}, order)
		require.Equal(t, "1", string(out[0].Output))
		for _, o := range out[1:] {
			require.Equal(t, "cancelled", errorText(t, o))
		}
		stopped.Wait()

		out, order = runAll(ctx, b.runner(Limits{}), ToolCall{Name: "quick"})
		require.Equal(t, "cancelled", errorText(t, out[0]))
		require.Empty(t, order)
		letEnd()
	})
}

func TestReaderLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := 0
		var mu sync.Mutex
		b := newBox(t, funcTool{name: "nap", fn: func(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
			d := time.Hour
			if strings.Contains(string(args), "0") {
				d = time.Second
			}
			select {
			case <-time.After(d):
			case <-ctx.Done():
			}
			mu.Lock()
			ended++
			mu.Unlock()
			return args, ctx.Err()
		}})
		start := time.Now()
		emitted := 0
		calls := pendingCalls(numbered("nap", 10)...)
		out := b.runner(Limits{}).run(t.Context(), calls, slices.Repeat([]Decision{Allow}, 10), func(int, toolOutcome) bool { emitted++; return false })
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, 1, emitted)
		require.Equal(t, `{"i":0}`, string(out[0].Output))
		for _, o := range out[1:] {
			require.Equal(t, "cancelled", errorText(t, o))
		}
		synctest.Wait()
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, 4, ended)
	})
}

// Results that are there without running are reported first, and the reader can leave there.
func TestReaderLeavesAtARefusal(t *testing.T) {
	b := newBox(t, funcTool{name: "a", fn: func(context.Context, json.RawMessage) (json.RawMessage, error) { panic("must not run") }})
	out := b.runner(Limits{}).run(t.Context(), pendingCalls(ToolCall{Name: "a"}, ToolCall{Name: "unknown"}), []Decision{Allow, Allow},
		func(i int, o toolOutcome) bool { require.Equal(t, 1, i); return false })
	require.Equal(t, "cancelled", errorText(t, out[0]))
}
