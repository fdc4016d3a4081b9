// Mcp offers the tools of a Model Context Protocol server to a model. The server is a program that speaks MCP on its standard
// input and output:
//
//	cd examples/mcp && go run . -m model.gguf -p "List the files here." -- SERVER [ARGUMENTS]
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"llm"
)

func main() {
	model := flag.String("m", "", "checkpoint `file`")
	question := flag.String("p", "", "question `text`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *model == "" || *question == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: mcp -m MODEL -p QUESTION -- SERVER [ARGUMENTS]")
		os.Exit(2)
	}
	transport := &mcp.CommandTransport{Command: exec.Command(flag.Arg(0), flag.Args()[1:]...)}
	if err := run(ctx, llm.File(*model), transport, *question); err != nil {
		fmt.Fprintln(os.Stderr, "mcp:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, model llm.Source, server mcp.Transport, question string) error {
	client := mcp.NewClient(&mcp.Implementation{Name: "llm-example", Version: "v0.1.0"}, nil)
	session, err := client.Connect(ctx, server, nil)
	if err != nil {
		return err
	}
	defer session.Close()
	tools, err := toolsOf(ctx, session)
	if err != nil {
		return err
	}
	m, err := llm.Open(ctx, model)
	if err != nil {
		return err
	}
	defer m.Close()
	chat, err := m.NewChat(llm.WithTools(tools...), llm.WithGuard(ask))
	if err != nil {
		return err
	}
	defer chat.Close()
	for _, r := range chat.Relaxed() {
		fmt.Fprintf(os.Stderr, "tool %s: %s at %s is checked only when the arguments are complete: %s\n", r.Tool, r.Keyword, r.Pointer, r.Why)
	}
	for text, err := range chat.Send(ctx, question, llm.Params{}).Text() {
		if err != nil {
			return err
		}
		fmt.Print(text)
	}
	fmt.Println()
	return nil
}

// ask shows the calls of a turn before they run. A program with a user would ask here, for each.
func ask(_ context.Context, calls []llm.PendingCall) ([]llm.Decision, error) {
	decisions := make([]llm.Decision, len(calls))
	for i, c := range calls {
		fmt.Fprintf(os.Stderr, "→ %s(%s)\n", c.Call.Name, c.Call.Arguments)
		decisions[i] = llm.Allow
	}
	return decisions, nil
}

// toolsOf returns the server's tools.
func toolsOf(ctx context.Context, session *mcp.ClientSession) (tools []llm.Tool, err error) {
	for t, err := range session.Tools(ctx, nil) {
		if err != nil {
			return nil, err
		}
		schema, err := json.Marshal(t.InputSchema)
		if err != nil {
			return nil, fmt.Errorf("tool %s: %w", t.Name, err)
		}
		tools = append(tools, llm.WithToolOptions(&remote{session, t.Name, t.Description, schema}, llm.ToolOptions{Timeout: time.Minute}))
	}
	return tools, nil
}

// remote is a tool of an MCP server.
type remote struct {
	session           *mcp.ClientSession
	name, description string
	schema            json.RawMessage
}

func (t *remote) Name() string            { return t.name }
func (t *remote) Description() string     { return t.description }
func (t *remote) Schema() json.RawMessage { return t.schema }

func (t *remote) Call(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
	r, err := t.session.CallTool(ctx, &mcp.CallToolParams{Name: t.name, Arguments: args})
	if err != nil {
		return nil, err
	}
	if r.StructuredContent != nil && !r.IsError {
		return json.Marshal(r.StructuredContent)
	}
	var text []string
	for _, c := range r.Content {
		if c, ok := c.(*mcp.TextContent); ok {
			text = append(text, c.Text)
		}
	}
	all := strings.Join(text, "\n")
	if r.IsError {
		return nil, errors.New(all) // the model is told
	}
	return json.Marshal(all)
}
