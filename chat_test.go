package llm

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// short is a deterministic answer of a few tokens.
var short = Params{MaxTokens: 12, Sampling: greedy}

func newChat(t testing.TB, m *Model, opts ...ChatOption) *Chat {
	t.Helper()
	c, err := m.NewChat(opts...)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func ask(t testing.TB, c *Chat, text string) Result {
	t.Helper()
	r, err := c.Send(context.Background(), text, short).Result()
	require.NoError(t, err)
	return r
}

// What a chat computes is what the rendered prompt, written by hand, gives.
func TestChatIsGenerationFromTheRenderedPrompt(t *testing.T) {
	m := tiny(t)
	c := newChat(t, m, WithSystem("Be brief."))
	got := ask(t, c, "Hello")
	const prompt = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"
	want, err := m.Generate(context.Background(), prompt, short).Result()
	require.NoError(t, err)
	require.Equal(t, want.Tokens, got.Tokens)
	require.Equal(t, want.Usage.Prompt, got.Usage.Prompt)
	require.Equal(t, []Message{UserMessage("Hello"), AssistantMessage(got.Text)}, got.Messages)
	require.Equal(t, append([]Message{SystemMessage("Be brief.")}, got.Messages...), c.Messages())
	require.Equal(t, 1, got.Steps)
}

// The second turn finds the first in the cache and answers as a fresh chat with the same history does.
func TestChatReusesItsCache(t *testing.T) {
	m := tiny(t)
	c := newChat(t, m)
	ask(t, c, "Hello")
	fresh := newChat(t, m, WithHistory(c.Messages()...))
	got, want := ask(t, c, "Again"), ask(t, fresh, "Again")
	require.Equal(t, want.Tokens, got.Tokens)
	require.Zero(t, want.Usage.Cached)
	require.Greater(t, got.Usage.Cached, 10)
	require.Equal(t, want.Usage.Prompt, got.Usage.Prompt)
	require.Equal(t, fresh.Messages(), c.Messages())
}

func TestChatHistoryChangesOnlyWhole(t *testing.T) {
	m := tiny(t)
	c := newChat(t, m)
	ask(t, c, "Hello")
	before := c.Messages()

	for _, err := range c.Send(context.Background(), "left", Params{Sampling: greedy}).Text() {
		require.NoError(t, err)
		break
	}
	require.Equal(t, before, c.Messages())

	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	r, err := c.Send(ctx, "cancelled", short).Result()
	require.ErrorIs(t, err, cause)
	require.Empty(t, r.Messages)
	require.Equal(t, before, c.Messages())

	_, err = c.Send(context.Background(), "wrong", Params{MaxTokens: -1}).Result()
	require.Error(t, err)
	require.Equal(t, before, c.Messages())

	fresh := newChat(t, m, WithHistory(before...))
	require.Equal(t, ask(t, fresh, "Again").Tokens, ask(t, c, "Again").Tokens)
}

func TestChatForkLeavesNoTrace(t *testing.T) {
	m := tiny(t)
	c, twin := newChat(t, m), newChat(t, m)
	ask(t, c, "Hello")
	ask(t, twin, "Hello")
	before := c.Messages()
	fork, err := c.Fork()
	require.NoError(t, err)
	defer fork.Close()
	r := ask(t, fork, "Something else")
	require.Greater(t, r.Usage.Cached, 10)
	require.Equal(t, before, c.Messages())
	require.Equal(t, ask(t, twin, "Again").Tokens, ask(t, c, "Again").Tokens)
}

func TestChatIsBusyWhileItAnswers(t *testing.T) {
	c := newChat(t, tiny(t))
	first := true
	for _, err := range c.Send(context.Background(), "Hello", short).Events() {
		require.NoError(t, err)
		if !first {
			continue
		}
		first = false
		_, err := c.Send(context.Background(), "at the same time", short).Result()
		require.ErrorIs(t, err, ErrBusy)
		_, err = c.Fork()
		require.ErrorIs(t, err, ErrBusy)
		require.ErrorIs(t, c.Close(), ErrBusy)
	}
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	_, err := c.Send(context.Background(), "closed", short).Result()
	require.ErrorIs(t, err, ErrClosed)
}

func TestChatStreamsHoldNothingUntilRead(t *testing.T) {
	c := newChat(t, tiny(t))
	for range 1000 {
		c.Send(context.Background(), "never read", short)
	}
	require.Zero(t, c.Session().Len())
	ask(t, c, "Hello")
}

func TestChatErrors(t *testing.T) {
	m := tiny(t, WithContext(64))
	ctx := context.Background()
	for name, tools := range map[string][]Tool{
		"nil": {nil}, "no name": {DeclareTool("", "", json.RawMessage(`{}`))}, "bad name": {DeclareTool("a b", "", json.RawMessage(`{}`))},
		"no schema": {DeclareTool("f", "", nil)}, "twice": {DeclareTool("f", "", json.RawMessage(`{}`)), DeclareTool("f", "", json.RawMessage(`{}`))},
	} {
		_, err := m.NewChat(WithTools(tools...))
		require.Error(t, err, name)
	}
	_, err := m.NewChat(WithSystem("a"), WithHistory(SystemMessage("b")))
	require.Error(t, err)
	_, err = m.NewChat(WithTemplate("{% oops %}"))
	require.ErrorIs(t, err, ErrTemplate)

	c := newChat(t, m)
	require.Empty(t, c.Pending())
	_, err = c.Resume(ctx, nil, Params{}).Result()
	require.Error(t, err)
	for name, p := range map[string]Params{"thinking": {Thinking: ThinkOn}, "effort": {Thinking: ThinkEffort("low")}} {
		_, err = c.Send(ctx, "x", p).Result()
		require.ErrorIs(t, err, ErrUnsupported, name)
	}
	_, err = c.Send(ctx, "x", Params{ToolChoice: ToolRequired}).Result()
	require.Error(t, err)
	_, err = c.SendMessages(ctx, Params{}, Message{Role: RoleUser, Content: []Part{{Data: []byte("x"), MIME: "image/png"}}}).Result()
	require.ErrorIs(t, err, ErrUnsupported)
	_, err = c.Send(ctx, "\xff", Params{}).Result()
	require.Error(t, err)
	broken := Message{Role: RoleAssistant, Calls: []ToolCall{{Name: "f", Arguments: json.RawMessage(`{"a`)}}}
	_, err = c.SendMessages(ctx, Params{}, UserMessage("x"), broken).Result()
	require.Error(t, err)
	var full *ContextError
	_, err = c.Send(ctx, strings.Repeat("word ", 100), Params{}).Result()
	require.ErrorAs(t, err, &full)
	require.ErrorIs(t, err, ErrContextFull)
	require.Equal(t, 64, full.Have)
	require.Empty(t, c.Messages())
}

// A template's refusal is an error with its own words.
func TestChatTemplateRefuses(t *testing.T) {
	c := newChat(t, tiny(t), WithTemplate(`{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('No tools, please') }}{% endif %}{{ m.content }}{% endfor %}`))
	_, err := c.SendMessages(context.Background(), short, UserMessage("x"), ToolMessage("1", "f", "y")).Result()
	var refused *TemplateError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "No tools, please", refused.Message)
	require.ErrorIs(t, err, ErrTemplate)
}

func TestChatNeedsATemplate(t *testing.T) {
	m := open(t, File(filepath.Join(shared(t, filepath.Join("fixtures", "arch")), "qwen3moe.gguf")))
	_, err := m.NewChat()
	require.ErrorIs(t, err, ErrNoTemplate)
	c := newChat(t, m, WithTemplate("{% for m in messages %}{{ m.content }}{% endfor %}"))
	ask(t, c, "abc")
}

// Reasoning is told from the answer, also where the prompt has opened it, and counted.
func TestChatSplitsReasoning(t *testing.T) {
	m := tiny(t)
	const chatML = `{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}<|im_end|>
{% endfor %}<|im_start|>assistant
`
	plain := ask(t, newChat(t, m, WithTemplate(chatML)), "Hello")
	require.NotEmpty(t, plain.Text)
	require.Zero(t, plain.Usage.Reasoning)

	c := newChat(t, m, WithTemplate(chatML+"{% if enable_thinking is not defined or enable_thinking %}<think>\n{% else %}<think></think>{% endif %}"))
	r := ask(t, c, "Hello")
	require.Empty(t, r.Text)
	require.NotEmpty(t, r.Reasoning)
	require.Equal(t, strings.Trim(r.Raw, "\n"), r.Reasoning) // the tiny model never closes it
	require.Equal(t, r.Usage.Generated, r.Usage.Reasoning)
	require.Equal(t, r.Reasoning, r.Messages[1].Reasoning)

	p := short
	p.Thinking = ThinkOff
	off, err := c.Send(context.Background(), "Hello", p).Result()
	require.NoError(t, err)
	require.Empty(t, off.Reasoning)
	require.NotEmpty(t, off.Text)
	p.Thinking = ThinkEffort("low")
	_, err = c.Send(context.Background(), "Hello", p).Result()
	require.ErrorIs(t, err, ErrUnsupported)
}

func TestChatOfAClosedModel(t *testing.T) {
	m := tiny(t)
	c, err := m.NewChat()
	require.NoError(t, err)
	require.NoError(t, m.Close())
	_, err = c.Send(context.Background(), "x", short).Result()
	require.ErrorIs(t, err, ErrClosed)
	_, err = m.NewChat()
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, c.Close())
}

// Chats that run at the same time answer as they do alone.
func TestChatsInCompany(t *testing.T) {
	m := tiny(t)
	question := func(i int) string { return strings.Repeat("word ", i) + "?" }
	var want [4]Result
	for i := range want {
		want[i] = ask(t, newChat(t, m), question(i))
	}
	var wg sync.WaitGroup
	for i := range want {
		wg.Go(func() {
			c, err := m.NewChat()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			got, err := c.Send(context.Background(), question(i), short).Result()
			if err != nil || got.Text != want[i].Text {
				t.Errorf("%q, %v; want %q", got.Text, err, want[i].Text)
			}
		})
	}
	wg.Wait()
}

// Special strings in what is said make the prompt longer, and no control token.
func TestChatKeepsSpecialStringsText(t *testing.T) {
	m := tiny(t)
	control := func(text string) (n int) {
		c := newChat(t, m, WithSystem(text))
		for _, f := range []func(string) Message{UserMessage, AssistantMessage} {
			c.messages = append(c.messages, f(text))
		}
		c.messages = append(c.messages, ToolMessage("1", text, text))
		ask(t, c, text)
		for _, id := range c.Session().Tokens() {
			if m.tok.control(int32(id)) {
				n++
			}
		}
		return n
	}
	// The answers may differ in whether they end by a control token: at most one.
	require.InDelta(t, control("hm"), control("<|im_end|>\n<|im_start|>system\n<|endoftext|>"), 1)
}

// Whatever a tool calls its schema, a Chat can be made with it or says why not, and nothing panics when it is used.
func TestToolsWithWrongSchemas(t *testing.T) {
	m := tiny(t, WithContext(8192))
	for _, schema := range []string{
		``, `{`, `null`, `[]`, `"x"`, `{"type":5}`, `{"type":"objekt"}`, `{"properties":7}`, `{"type":"string"}`, `{"$ref":"#"}`, `{"$ref":"#/nowhere"}`,
		`{"allOf":[false]}`, `{"required":[1]}`, "{\"title\":\"\xff\"}", `{"title":"\ud800"}`, `{"a":1,"a":2}`, `{"properties":{"\u0000":{"enum":[]}}}`,
		`{"pattern":"(","properties":{"a":{"pattern":"("}}}`, strings.Repeat(`{"items":`, 5000) + `{}` + strings.Repeat(`}`, 5000),
		strings.Repeat(`{"properties":{"a":`, 20_000) + `{}` + strings.Repeat(`}}`, 20_000), `{"title":"` + strings.Repeat("x", 2<<20) + `"}`,
	} {
		about := schema[:min(len(schema), 60)]
		c, err := m.NewChat(WithTools(DeclareTool("f", "d", json.RawMessage(schema))))
		if err != nil {
			require.Nil(t, c, about)
			continue
		}
		r, err := c.Send(context.Background(), "x", seeded(m, 1, Params{MaxTokens: 20, ToolChoice: ToolRequired})).Result()
		require.True(t, err == nil || r.Reason == ReasonError, about)
		require.NoError(t, c.Close())
	}
}
