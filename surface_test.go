package llm_test

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"time"

	"llm"
)

// Programs outside this repository compile against the names below. This file compiles as long as each of them has
// exactly the shape it was promised in; there is nothing to run.

// Checkpoints.
var (
	_ func(string) llm.Source                                              = llm.File
	_ func(fs.FS, string) llm.Source                                       = llm.FS
	_ func(io.ReaderAt, int64) llm.Source                                  = llm.ReaderAt
	_ func(...string) llm.Source                                           = llm.Bytes[string]
	_ func(...[]byte) llm.Source                                           = llm.Bytes[[]byte]
	_ func() llm.Source                                                    = llm.Executable
	_ func(context.Context, llm.Source, ...llm.Option) (*llm.Model, error) = llm.Open
	_ func(llm.Source) (llm.Info, error)                                   = llm.Inspect
	_ func(*slog.Logger) llm.Option                                        = llm.WithLogger
	_ func(int) llm.Option                                                 = llm.WithThreads
	_ func(...string) llm.Option                                           = llm.WithBackend
	_ func(int) llm.Option                                                 = llm.WithContext
	_ func(string) llm.Option                                              = llm.WithKVType
	_ func(int64) llm.Option                                               = llm.WithMemoryLimit
	_ func(llm.Admission) llm.Option                                       = llm.WithAdmission
	_ func(func(done, total int64)) llm.Option                             = llm.WithProgress
)

// Model, Tokenizer, Session.
var (
	_ func(*llm.Model) llm.Info                                                         = (*llm.Model).Info
	_ func(*llm.Model) *llm.Tokenizer                                                   = (*llm.Model).Tokenizer
	_ func(*llm.Model, context.Context, string, llm.Params) *llm.Stream                 = (*llm.Model).Generate
	_ func(*llm.Model, ...llm.SessionOption) (*llm.Session, error)                      = (*llm.Model).NewSession
	_ func(*llm.Model, io.Reader, ...llm.SessionOption) (*llm.Session, error)           = (*llm.Model).RestoreSession
	_ func(*llm.Model, ...llm.ChatOption) (*llm.Chat, error)                            = (*llm.Model).NewChat
	_ func(*llm.Model, context.Context, []string, llm.EmbedParams) ([][]float32, error) = (*llm.Model).Embed
	_ func(*llm.Model, context.Context, []llm.Token) (llm.Scores, error)                = (*llm.Model).Score
	_ func(*llm.Model) llm.Stats                                                        = (*llm.Model).Stats
	_ func(*llm.Model) error                                                            = (*llm.Model).Close
	_ func(*llm.Tokenizer, []llm.Token, string) []llm.Token                             = (*llm.Tokenizer).Append
	_ func(*llm.Tokenizer, []llm.Token, string) []llm.Token                             = (*llm.Tokenizer).AppendSpecial
	_ func(*llm.Tokenizer, []byte, ...llm.Token) []byte                                 = (*llm.Tokenizer).AppendText
	_ func(*llm.Tokenizer, string) int                                                  = (*llm.Tokenizer).Count
	_ func(*llm.Session, context.Context, string, llm.Params) *llm.Stream               = (*llm.Session).Generate
	_ func(*llm.Session, context.Context, []llm.Token, llm.Params) *llm.Stream          = (*llm.Session).GenerateTokens
	_ func(*llm.Session) (*llm.Session, error)                                          = (*llm.Session).Fork
	_ func(*llm.Session, io.Writer) error                                               = (*llm.Session).Snapshot
	_ func(*llm.Session, int) error                                                     = (*llm.Session).Truncate
	_ func(*llm.Session) int                                                            = (*llm.Session).Len
	_ func(*llm.Session) error                                                          = (*llm.Session).Close
	_ int32                                                                             = int32(llm.Token(0))
)

// What is asked, and what comes back.
var (
	_ = llm.Params{
		MaxTokens: int(0), Sampling: (*llm.Sampling)(nil), Stop: []string(nil), Format: llm.Format(nil), ToolChoice: llm.ToolAuto,
		Thinking: llm.Thinking{}, Strict: bool(false), Priority: int(0), Logprobs: int(0),
	}
	_ = llm.Sampling{
		Temperature: float32(0), TopP: float32(0), MinP: float32(0), TypicalP: float32(0), RepeatPenalty: float32(0),
		FrequencyPenalty: float32(0), PresencePenalty: float32(0), TopK: int(0), RepeatLastN: int(0), Seed: uint64(0),
		LogitBias: map[llm.Token]float32(nil),
	}
	_                                               = []llm.ToolChoice{llm.ToolAuto, llm.ToolNone, llm.ToolRequired}
	_ func(string) llm.ToolChoice                   = llm.ToolNamed
	_ func(...string) llm.ToolChoice                = llm.ToolAmong
	_ func(llm.ToolChoice) llm.ToolChoice           = llm.ToolChoice.Single
	_                                               = []llm.Thinking{llm.ThinkOn, llm.ThinkOff}
	_ func(int) llm.Thinking                        = llm.ThinkBudget
	_ func(string) llm.Thinking                     = llm.ThinkEffort
	_ func() llm.Format                             = llm.JSON
	_ func(json.RawMessage) (llm.Format, error)     = llm.Schema
	_ func(string) (llm.Format, error)              = llm.Grammar
	_ func(string) (llm.Format, error)              = llm.Regexp
	_ func(*llm.Stream) iter.Seq2[llm.Event, error] = (*llm.Stream).Events
	_ func(*llm.Stream) iter.Seq2[string, error]    = (*llm.Stream).Text
	_ func(*llm.Stream) (llm.Result, error)         = (*llm.Stream).Result
	_                                               = []llm.EventKind{llm.EventText, llm.EventReasoning, llm.EventToolStart, llm.EventToolArgs, llm.EventToolCall,
		llm.EventToolResult, llm.EventStep, llm.EventProgress, llm.EventWarning, llm.EventUsage}
	_ = llm.Event{
		Kind: llm.EventText, Text: string(""), Call: (*llm.ToolCall)(nil), Output: json.RawMessage(nil), Usage: (*llm.Usage)(nil),
		Step: int(0), Done: int(0), Total: int(0), Logprobs: []llm.TokenLogprob(nil),
	}
	_ = llm.Result{
		Text: string(""), Reasoning: string(""), Raw: string(""), Calls: []llm.ToolCall(nil), Messages: []llm.Message(nil),
		Tokens: []llm.Token(nil), Reason: llm.Reason(""), Seed: uint64(0), Usage: llm.Usage{}, Steps: int(0),
		Logprobs: []llm.TokenLogprob(nil), Warnings: []string(nil),
	}
	_ = llm.Usage{
		Prompt: int(0), Cached: int(0), Generated: int(0), Reasoning: int(0),
		Queue: time.Duration(0), Prefill: time.Duration(0), FirstToken: time.Duration(0), Total: time.Duration(0),
	}
	_ = llm.ToolCall{ID: string(""), Name: string(""), Arguments: json.RawMessage(nil)}
	_ = llm.Message{
		Role: llm.RoleUser, Content: []llm.Part(nil), Reasoning: string(""), Calls: []llm.ToolCall(nil), CallID: string(""), Name: string(""),
	}
	_                                               = llm.Part{Text: string(""), Data: []byte(nil), MIME: string("")}
	_                                               = []llm.Role{llm.RoleSystem, llm.RoleUser, llm.RoleAssistant, llm.RoleTool}
	_ func(string) llm.Message                      = llm.SystemMessage
	_ func(string) llm.Message                      = llm.UserMessage
	_ func(string) llm.Message                      = llm.AssistantMessage
	_ func(callID, name, output string) llm.Message = llm.ToolMessage
	_ json.Marshaler                                = llm.Message{}
	_ json.Unmarshaler                              = (*llm.Message)(nil)
)

// Reasons have fixed spellings: they are stored and compared by other programs.
var _ = map[llm.Reason]bool{"stop": true, "length": true, "calls": true, "tool_limit": true, "pending": true, "filtered": true, "cancelled": true, "error": true}

// Chats and tools.
var (
	_ func(*llm.Chat, context.Context, string, llm.Params) *llm.Stream                                      = (*llm.Chat).Send
	_ func(*llm.Chat, context.Context, llm.Params, ...llm.Message) *llm.Stream                              = (*llm.Chat).SendMessages
	_ func(*llm.Chat) []llm.Message                                                                         = (*llm.Chat).Messages
	_ func(*llm.Chat) (*llm.Chat, error)                                                                    = (*llm.Chat).Fork
	_ func(*llm.Chat) []llm.PendingCall                                                                     = (*llm.Chat).Pending
	_ func(*llm.Chat, context.Context, []llm.Decision, llm.Params) *llm.Stream                              = (*llm.Chat).Resume
	_ func(*llm.Chat) *llm.Session                                                                          = (*llm.Chat).Session
	_ func(*llm.Chat) error                                                                                 = (*llm.Chat).Close
	_ func(string) llm.ChatOption                                                                           = llm.WithSystem
	_ func(...llm.Tool) llm.ChatOption                                                                      = llm.WithTools
	_ func(llm.Limits) llm.ChatOption                                                                       = llm.WithLimits
	_ func(int) llm.ChatOption                                                                              = llm.WithMaxSteps
	_ func(...llm.Message) llm.ChatOption                                                                   = llm.WithHistory
	_ func(string) llm.ChatOption                                                                           = llm.WithTemplate
	_ func(func(context.Context, []llm.PendingCall) ([]llm.Decision, error)) llm.ChatOption                 = llm.WithGuard
	_                                                                                                       = []llm.Decision{llm.Allow, llm.Defer}
	_ func(string) llm.Decision                                                                             = llm.Deny
	_ func(json.RawMessage) llm.Decision                                                                    = llm.Edit
	_                                                                                                       = llm.Limits{Steps: int(0), ToolCalls: int(0), Tokens: int(0), Wall: time.Duration(0)}
	_                                                                                                       = llm.ToolOptions{Timeout: time.Duration(0), Serial: bool(false), ReturnDirect: bool(false), NeedsApproval: bool(false), MaxCalls: int(0)}
	_ func(llm.Tool, llm.ToolOptions) llm.Tool                                                              = llm.WithToolOptions
	_ func(name, description string, fn func(context.Context, arguments) (result, error)) (llm.Tool, error) = llm.NewTool[arguments, result]
	_ func(name, description string, schema json.RawMessage) llm.Tool                                       = llm.DeclareTool
	_ func([]byte) ([]llm.Tool, error)                                                                      = llm.ParseTools
	_ func(context.Context) (llm.ToolCall, int, bool)                                                       = llm.ToolCallFrom
	_ func(llm.Moderator) llm.ChatOption                                                                    = llm.WithModerator
	_ func(map[string][]string) (llm.Moderator, error)                                                      = llm.PatternModerator
	_ func() llm.Tool                                                                                       = llm.Calculator
	_ func() (json.RawMessage, error)                                                                       = llm.SchemaOf[arguments]
	_ func(context.Context, *llm.Chat, string, llm.Params) (result, llm.Result, error)                      = llm.Extract[result]
	_ func(context.Context, *llm.Chat, string, llm.Params) iter.Seq2[llm.Partial[result], error]            = llm.ExtractStream[result]
	_ llm.Tool                                                                                              = tool(nil)
)

type arguments struct{}

type result struct{}

type tool interface {
	Name() string
	Description() string
	Schema() json.RawMessage
	Call(ctx context.Context, args json.RawMessage) (json.RawMessage, error)
}

// Errors.
var (
	_       = []error{llm.ErrClosed, llm.ErrBusy, llm.ErrContextFull, llm.ErrUnsupported, llm.ErrCorrupt}
	_ error = &llm.FormatError{File: string(""), Tensor: string(""), Offset: int64(0), Err: error(nil)}
	_ error = &llm.ToolError{Call: llm.ToolCall{}, Err: error(nil)}
	_ error = &llm.ContextError{Need: int(0), Have: int(0)}
	_ error = &llm.OverloadError{RetryAfter: time.Duration(0)}
)
