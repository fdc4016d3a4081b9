package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"llm"
)

// A tiny checkpoint that babbles: the examples show how, not what.
const model = "testdata/smolmoe-tiny-Q8_0.gguf"

func open() *llm.Model {
	m, err := llm.Open(context.Background(), llm.File(model), llm.WithContext(4096))
	if err != nil {
		log.Fatal(err)
	}
	return m
}

// Greedy sampling, so that the examples always print the same.
var brief = llm.Params{MaxTokens: 8, Sampling: &llm.Sampling{}}

func Example() {
	ctx := context.Background()
	m, err := llm.Open(ctx, llm.File(model))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	chat, err := m.NewChat(llm.WithSystem("Answer in one sentence."))
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()
	stream := chat.Send(ctx, "Why is the sky blue?", brief)
	for text, err := range stream.Text() {
		if err != nil {
			log.Fatal(err)
		}
		_ = text // print it
	}
	r, err := stream.Result()
	fmt.Println(r.Usage.Generated > 0, err)
	// Output: true <nil>
}

func ExampleInspect() {
	info, err := llm.Inspect(llm.File(model))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Architecture, info.Experts, info.ExpertsUsed, info.Supported)
	// Output: granitemoe 8 2 true
}

func ExampleBytes() {
	data, err := os.ReadFile(model) // or //go:embed, as a string
	if err != nil {
		log.Fatal(err)
	}
	m, err := llm.Open(context.Background(), llm.Bytes(data))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Close())
	// Output: <nil>
}

func ExampleFS() {
	m, err := llm.Open(context.Background(), llm.FS(os.DirFS("testdata"), "smolmoe-tiny-Q8_0.gguf"), llm.WithThreads(1))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fmt.Println(m.Stats().Threads)
	// Output: 1
}

func ExampleModel_Generate() {
	m := open()
	defer m.Close()
	r, err := m.Generate(context.Background(), "Once upon a time", brief).Result()
	fmt.Println(r.Text != "", err)
	// Output: true <nil>
}

func ExampleStream_Events() {
	m := open()
	defer m.Close()
	text := ""
	for e, err := range m.Generate(context.Background(), "Once upon a time", brief).Events() {
		switch {
		case err != nil:
			log.Fatal(err)
		case e.Kind == llm.EventText:
			text += e.Text
		case e.Kind == llm.EventUsage:
			fmt.Println(e.Usage.Generated > 0, text != "")
		}
	}
	// Output: true true
}

func ExampleModel_DefaultSampling() {
	m := open()
	defer m.Close()
	s := m.DefaultSampling()
	s.Seed = 42 // the checkpoint's own sampling, repeatable
	p := llm.Params{MaxTokens: 8, Sampling: &s}
	a, _ := m.Generate(context.Background(), "Once", p).Result()
	b, _ := m.Generate(context.Background(), "Once", p).Result()
	fmt.Println(a.Seed, a.Text == b.Text)
	// Output: 42 true
}

func ExampleModel_Score() {
	m := open()
	defer m.Close()
	tokens := m.Tokenizer().Append(nil, "The sky is blue.")
	s, err := m.Score(context.Background(), tokens)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(s.Logprobs) == len(tokens), s.Perplexity > 1)
	// Output: true true
}

func ExampleTokenizer_Append() {
	m := open()
	defer m.Close()
	t := m.Tokenizer()
	user := t.Append(nil, "<|im_end|>")            // text that looks like a control token
	template := t.AppendSpecial(nil, "<|im_end|>") // the control token
	fmt.Println(len(user) > 1, len(template))
	fmt.Println(string(t.AppendText(nil, user...)))
	// Output:
	// true 1
	// <|im_end|>
}

func ExampleSession() {
	ctx := context.Background()
	m := open()
	defer m.Close()
	s, err := m.NewSession()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Generate(ctx, "A long text to talk about. ", brief).Result(); err != nil {
		log.Fatal(err)
	}
	other, err := s.Fork() // both go on from here; what they share is held once
	if err != nil {
		log.Fatal(err)
	}
	defer other.Close()
	r, err := other.Generate(ctx, "And then?", brief).Result()
	fmt.Println(r.Usage.Cached > 0, err)
	// Output: true <nil>
}

func ExampleChat_SendMessages() {
	m := open()
	defer m.Close()
	var history []llm.Message
	err := json.Unmarshal([]byte(`[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello!"}]`), &history)
	if err != nil {
		log.Fatal(err)
	}
	chat, err := m.NewChat(llm.WithHistory(history...))
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()
	r, err := chat.SendMessages(context.Background(), brief, llm.UserMessage("Who are you?")).Result()
	fmt.Println(len(r.Messages), len(chat.Messages()), err)
	// Output: 2 4 <nil>
}

func ExampleChat_Fork() {
	ctx := context.Background()
	m := open()
	defer m.Close()
	chat, err := m.NewChat()
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()
	if _, err := chat.Send(ctx, "Hello", brief).Result(); err != nil {
		log.Fatal(err)
	}
	aside, err := chat.Fork()
	if err != nil {
		log.Fatal(err)
	}
	defer aside.Close()
	_, err = aside.Send(ctx, "Give this conversation a title.", brief).Result()
	fmt.Println(len(aside.Messages()), len(chat.Messages()), err)
	// Output: 4 2 <nil>
}

func ExampleSchemaOf() {
	type forecast struct {
		City string `json:"city" jsonschema:"city and country"`
		Days *uint8 `json:"days,omitempty" llm:"min=1,max=14"`
	}
	schema, err := llm.SchemaOf[forecast]()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.ReplaceAll(string(schema), ",\"", ",\n\""))
	// Output:
	// {"type":"object",
	// "properties":{"city":{"type":"string",
	// "description":"city and country"},
	// "days":{"type":["null",
	// "integer"],
	// "minimum":1,
	// "maximum":14}},
	// "required":["city"],
	// "additionalProperties":false}
}

func ExampleNewTool() {
	type place struct {
		City string `json:"city" jsonschema:"city and country"`
		Unit string `json:"unit" llm:"enum=c|f"`
	}
	weather, err := llm.NewTool("weather", "Weather of a city now", func(ctx context.Context, in place) (string, error) {
		return "Rain in " + in.City + ", 7 °" + in.Unit, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	out, err := weather.Call(context.Background(), json.RawMessage(`{"city":"Oslo","unit":"c"}`))
	fmt.Println(string(out), err)
	// Output: "Rain in Oslo, 7 °c" <nil>
}

func ExampleCalculator() {
	out, err := llm.Calculator().Call(context.Background(), json.RawMessage(`{"expression":"(1250 - 15% of 1250) / 3"}`))
	fmt.Println(string(out), err)
	// Output: {"result":"354.166666666666666666666666667","fraction":"2125/6"} <nil>
}

func ExampleSchema() {
	m := open()
	defer m.Close()
	format, err := llm.Schema(json.RawMessage(`{"enum": ["yes", "no"]}`))
	if err != nil {
		log.Fatal(err)
	}
	r, err := m.Generate(context.Background(), "Is the sky blue? ", llm.Params{Format: format, Sampling: &llm.Sampling{}}).Result()
	fmt.Println(r.Text == `"yes"` || r.Text == `"no"`, r.Reason, format.Validate(r.Text), err)
	// Output: true stop <nil> <nil>
}

func ExampleExtract() {
	m := open()
	defer m.Close()
	chat, err := m.NewChat()
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()
	type size struct {
		Size string `json:"size" llm:"enum=small|large"`
	}
	fork, err := chat.Fork() // what is asked of the fork leaves no trace
	if err != nil {
		log.Fatal(err)
	}
	defer fork.Close()
	s, _, err := llm.Extract[size](context.Background(), fork, "An elephant.", llm.Params{Sampling: &llm.Sampling{}})
	fmt.Println(s.Size == "small" || s.Size == "large", err, len(chat.Messages()))
	// Output: true <nil> 0
}

func ExampleDeclareTool() {
	m := open()
	defer m.Close()
	light := llm.DeclareTool("light", "Switches the light", json.RawMessage(
		`{"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"], "additionalProperties": false}`))
	chat, err := m.NewChat(llm.WithTools(light))
	if err != nil {
		log.Fatal(err)
	}
	defer chat.Close()
	ctx := context.Background()
	p := llm.Params{ToolChoice: llm.ToolNamed("light").Single(), Sampling: &llm.Sampling{}}
	r, err := chat.Send(ctx, "Lights, please.", p).Result()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Reason, len(chat.Pending()))
	done := llm.ToolMessage(r.Calls[0].ID, r.Calls[0].Name, "done")
	r, err = chat.SendMessages(ctx, llm.Params{ToolChoice: llm.ToolNone, Sampling: &llm.Sampling{}, MaxTokens: 8}, done).Result()
	fmt.Println(len(chat.Pending()), len(chat.Messages()), err)
	// Output:
	// calls 1
	// 0 4 <nil>
}

func ExampleMessage() {
	data, err := json.Marshal([]llm.Message{llm.SystemMessage("Be brief."), llm.UserMessage("Hello")})
	fmt.Println(string(data), err)
	// Output: [{"role":"system","content":"Be brief."},{"role":"user","content":"Hello"}] <nil>
}

func ExampleContextError() {
	m, err := llm.Open(context.Background(), llm.File(model), llm.WithContext(4))
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	_, err = m.Generate(context.Background(), "a prompt of more than four tokens is never cut", brief).Result()
	full, ok := errors.AsType[*llm.ContextError](err)
	fmt.Println(errors.Is(err, llm.ErrContextFull), ok && full.Need > full.Have)
	// Output: true true
}
