package dialect

import "strings"

// sign is a text that shows in a template, or as a token of the vocabulary, which dialect the model speaks.
type sign struct {
	all     []string // must all be there
	dialect *Dialect
	token   bool // the first of them proves it as a token of the vocabulary too
}

// signs in the order in which they count. Several prompts quote other formats as examples, so what is rare comes first.
var signs = []sign{
	{[]string{"<atem:function_calls>"}, &museGlimmer, false},
	{[]string{"<|open|>"}, &kimiK3, true},
	{[]string{"<|channel|>", "analysis"}, &harmony, false},
	{[]string{"[BEGIN FINAL RESPONSE]"}, &apriel, false},
	{[]string{"<|extra_0|>", "<tool_calls>"}, &hunyuan, false},
	{[]string{"<|tool_call>call:"}, &gemma4, false},
	{[]string{"<start_function_call>"}, &functionGemma, true},
	{[]string{"minimax[>["}, &miniMaxM3, false},
	{[]string{"<minimax:tool_call>"}, &miniMaxM2, true},
	{[]string{"DSML", "function_calls"}, &deepSeekV32, false},
	{[]string{"DSML", "tool_calls"}, &deepSeekV4, false},
	{[]string{"<|tool_calls_section_begin|>"}, &kimiK2, true},
	{[]string{"<｜tool▁calls▁begin｜>", "```json"}, &deepSeekV3, false},
	{[]string{"<｜tool▁calls▁begin｜>"}, &deepSeekV31, false},
	{[]string{"tool_sep", "arg_key"}, &hy3, false},
	{[]string{"<seed:tool_call>"}, &seedOSS, true},
	{[]string{"<|tools_prefix|>"}, &apertus, true},
	{[]string{"<|tool_call:begin|>"}, &solar, true},
	{[]string{"<|tool_call_start|>"}, &lfm2, true},
	{[]string{"<|tool_list_start|>"}, &lfm2, true},
	{[]string{"<|START_ACTION|>"}, &commandR7B, true},
	{[]string{"title of the tool"}, &commandRPlus, false},
	{[]string{"<|function_call|>"}, &gigaChat31, true},
	{[]string{"function call<|role_sep|>"}, &gigaChat30, false},
	{[]string{"<|role_sep|>", "function call"}, &gigaChat30, false},
	{[]string{"<|action_start|>"}, &internLM2, true},
	{[]string{"functools["}, &fireFunction, false},
	{[]string{"functools"}, &fireFunction, false},
	{[]string{"<TOOLCALL>"}, &nemotronV2, true},
	{[]string{`<param name="`}, &miniCPM5, false},
	{[]string{">>>", "all"}, &functionaryV32, false},
	{[]string{"[TOOL_CALLS]"}, &mistral, true},
	{[]string{"<|tool_call|>"}, &granite3, true},
	{[]string{"<function_call>"}, &granite3, false},
	{[]string{"<use_mcp_tool>"}, &mcpXML, false},
	{[]string{"<arg_key>"}, &glm, true},
	{[]string{"<parameter="}, &qwenXML, false},
	{[]string{"<function="}, &functionaryV31, false},
	{[]string{"<tool_call>"}, &hermes, false},
	{[]string{"<tool_calls>"}, &miniMaxM1, false},
	{[]string{`"parameters": dictionary of argument`}, &llama3JSON, false},
	{[]string{"[func_name1("}, &llama4Pythonic, false},
	{[]string{"<|python_tag|>"}, &llama3JSON, false},
	{[]string{"List of tools: ["}, &lfm2, false},
}

// Detect finds the dialect of a model: by its template's text, else by rendering a call with it, else by the vocabulary. A
// model of which nothing is known gets Hermes's format, Injected. markers returns the id of a text that is
// a token of the vocabulary that ordinary text does not yield, as Tokenizer.Marker does; it may be nil. how says what decided.
func Detect(template string, markers func(text string) (id int32, ok bool)) (d *Dialect, how string) {
	found, how := find(template, markers)
	out := *found
	out.ids, out.Injected = markers, how == nothing
	out.silent = out.varied && template != "" && !out.mayReason(template)
	return &out, how
}

// mayReason reports whether a template, or the vocabulary, knows reasoning: families have members that do not reason.
func (d *Dialect) mayReason(template string) bool {
	for _, marker := range []string{d.think.open, d.think.close} {
		if marker != "" && (strings.Contains(template, strings.TrimSpace(marker)) || d.isToken(marker)) {
			return true
		}
	}
	return false
}

// nothing decided: how an injected dialect was found.
const nothing = "none found"

func find(template string, markers func(string) (int32, bool)) (*Dialect, string) {
	if s := signOf(template); s != nil {
		return s.dialect, "template has " + s.all[0]
	}
	if d := probe(template); d != nil {
		return d, "a call rendered with the template"
	}
	if markers != nil {
		for _, s := range signs {
			if !s.token {
				continue
			}
			if _, ok := markers(s.all[0]); ok {
				return s.dialect, "vocabulary has " + s.all[0]
			}
		}
	}
	return &hermes, nothing
}

// signOf returns the first sign in a template, nil if there is none.
func signOf(template string) *sign {
	for i := range signs {
		if signs[i].in(template) {
			return &signs[i]
		}
	}
	return nil
}

func (s sign) in(template string) bool {
	for _, text := range s.all {
		if !strings.Contains(template, text) {
			return false
		}
	}
	return true
}
