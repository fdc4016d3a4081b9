package main

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"llm"
)

type sum struct {
	A int `json:"a"`
	B int `json:"b"`
}

type total struct {
	Total int `json:"total"`
}

// A server's tools come with its schemas, its results and its errors, and one struct has the same schema on either side.
func TestToolsOfAServer(t *testing.T) {
	ctx := context.Background()
	here, there := mcp.NewInMemoryTransports()
	server := mcp.NewServer(&mcp.Implementation{Name: "test", Version: "v1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "add", Description: "adds"}, func(_ context.Context, _ *mcp.CallToolRequest, in sum) (*mcp.CallToolResult, total, error) {
		if in.A < 0 {
			return nil, total{}, errors.New("negative")
		}
		return nil, total{in.A + in.B}, nil
	})
	serving, err := server.Connect(ctx, there, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer serving.Close()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "v1"}, nil).Connect(ctx, here, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	tools, err := toolsOf(ctx, session)
	if err != nil || len(tools) != 1 || tools[0].Name() != "add" || tools[0].Description() != "adds" {
		t.Fatalf("tools: %v, %v", tools, err)
	}
	if _, err := llm.Schema(tools[0].Schema()); err != nil {
		t.Error(err)
	}
	out, err := tools[0].Call(ctx, json.RawMessage(`{"a":2,"b":3}`))
	if err != nil || string(out) != `{"total":5}` {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := tools[0].Call(ctx, json.RawMessage(`{"a":-1,"b":3}`)); err == nil || err.Error() != "negative" {
		t.Errorf("error: %v", err)
	}
}
