package dialect

// The formats, as templates write them and models repeat them.
var (
	hermes = Dialect{Name: "hermes", think: thinkTag, varied: true, ends: chatML,
		calls: format{open: []string{"<tool_call>"}, close: []string{"</tool_call>"}, value: objects}}

	qwenXML = Dialect{Name: "qwen_xml", think: thinkTag, ends: chatML,
		calls: format{open: []string{"<tool_call>"}, close: []string{"</tool_call>"}, value: objects,
			call: []part{lit("<function="), name, lit(">"), params(param{
				open: "<parameter=", keyEnd: ">", close: "</parameter>", end: "</function>", lines: true, python: true})}}}

	seedOSS = Dialect{Name: "seed_oss", think: span{"<seed:think>", "</seed:think>"}, ends: []string{"<seed:eos>"},
		calls: format{open: []string{"<seed:tool_call>"}, close: []string{"</seed:tool_call>"},
			call: []part{lit("<function="), name, lit(">"), params(param{
				open: "<parameter=", keyEnd: ">", close: "</parameter>", end: "</function>", python: true})}}}

	harmony = Dialect{Name: "harmony", headers: &headers{
		start: "<|start|>", message: "<|message|>", channel: "<|channel|>", constrain: "<|constrain|>",
		thinking: "analysis", tools: true, between: "<|end|>", ends: []string{"<|end|>", "<|call|>", "<|return|>"}}}

	museGlimmer = Dialect{Name: "muse_glimmer", headers: &headers{
		start: "<|start|>", message: "<|message|>", self: "self", between: "<|eom|>", ends: []string{"<|eom|>", "<|eot|>"}},
		calls: format{open: []string{"<atem:function_calls>"}, close: []string{"</atem:function_calls>"},
			call: []part{lit(`<atem:invoke name="`), name, lit(`">`), params(param{
				open: `<atem:parameter name="`, keyEnd: `"`, begin: ">", close: "</atem:parameter>", end: "</atem:invoke>"})}}}

	gemma4 = Dialect{Name: "gemma4", think: span{"<|channel>thought", "<channel|>"}, ends: []string{"<turn|>", "<|tool_response>"},
		calls: format{open: []string{"<|tool_call>"},
			call: []part{lit("call:"), name, object(notation{bare: true, quote: `<|"|>`}), lit("<tool_call|>")}}}

	functionGemma = Dialect{Name: "functiongemma", ends: []string{"<end_of_turn>", "<start_function_response>"},
		calls: format{open: []string{"<start_function_call>"},
			call: []part{lit("call:"), name, object(notation{bare: true, quote: "<escape>"}), lit("<end_function_call>")}}}

	glm = Dialect{Name: "glm", think: thinkTag, ends: []string{"<|observation|>", "<|user|>", "</assistant>", "<|role_end|>", "<|endoftext|>"},
		calls: format{open: []string{"<tool_call>"},
			call: []part{name, params(param{
				open: "<arg_key>", keyEnd: "</arg_key>", begin: "<arg_value>", close: "</arg_value>", end: "</tool_call>"})}}}

	hy3 = Dialect{Name: "hy3", think: span{"<think:opensource>", "</think:opensource>"}, ends: []string{"<｜hy_eos:opensource｜>"},
		calls: format{open: []string{"<tool_calls:opensource>"}, close: []string{"</tool_calls:opensource>"},
			call: []part{lit("<tool_call:opensource>"), name, lit("<tool_sep:opensource>"), params(param{
				open: "<arg_key:opensource>", keyEnd: "</arg_key:opensource>", begin: "<arg_value:opensource>",
				close: "</arg_value:opensource>", end: "</tool_call:opensource>"})}}}

	kimiK2 = Dialect{Name: "kimi_k2", think: thinkTag, ends: chatML,
		calls: format{
			open:  []string{"<|tool_calls_section_begin|>", "<|tool_call_section_begin|>"},
			close: []string{"<|tool_calls_section_end|>", "<|tool_call_section_end|>"},
			call: []part{lit("<|tool_call_begin|>"), {kind: namePart, text: "functions."}, lit("<|tool_call_argument_begin|>"), object(jsonNotation),
				lit("<|tool_call_end|>")}}}

	kimiK3 = Dialect{Name: "kimi_k3", think: span{"<|open|>think<|sep|>", "<|close|>think<|sep|>"},
		frames: []string{"<|open|>response<|sep|>", "<|close|>response<|sep|>"},
		ends:   []string{"<|close|>message<|sep|>", "<|end_of_msg|>"},
		calls: format{open: []string{"<|open|>tools<|sep|>"}, close: []string{"<|close|>tools<|sep|>"},
			call: []part{lit(`<|open|>call tool="`), name, lit(`"`), until("<|sep|>", `( index="[0-9]{1,4}")?`), params(param{
				open: `<|open|>argument key="`, keyEnd: `"`, attribute: "type", begin: "<|sep|>",
				close: "<|close|>argument<|sep|>", end: "<|close|>call<|sep|>"})}}}

	deepSeekV3 = Dialect{Name: "deepseek_v3", think: thinkTag, labels: deepSeekSay, ends: deepSeekEnd,
		calls: format{open: []string{"<｜tool▁calls▁begin｜>"}, close: []string{"<｜tool▁calls▁end｜>"},
			call: []part{lit("<｜tool▁call▁begin｜>"), opt("function"), lit("<｜tool▁sep｜>"), name, opt("```json"),
				object(jsonNotation), opt("```"), lit("<｜tool▁call▁end｜>")}}}

	deepSeekV31 = Dialect{Name: "deepseek_v31", think: thinkTag, labels: deepSeekSay, ends: deepSeekEnd,
		calls: format{open: []string{"<｜tool▁calls▁begin｜>"}, close: []string{"<｜tool▁calls▁end｜>"},
			call: []part{lit("<｜tool▁call▁begin｜>"), name, lit("<｜tool▁sep｜>"), object(jsonNotation), lit("<｜tool▁call▁end｜>")}}}

	deepSeekV32 = dsml("deepseek_v32", "function_calls")
	deepSeekV4  = dsml("deepseek_v4", "tool_calls")

	miniMaxM1 = toolCallsTag("minimax_m1", thinkTag, "<end_of_sentence>")
	apriel    = toolCallsTag("apriel", span{"Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]"}, "<|end|>")
	hunyuan   = framed(toolCallsTag("hunyuan_a13b", thinkTag, "<|eos|>"), "助手：", "<answer>", "</answer>")

	miniMaxM2 = Dialect{Name: "minimax_m2", think: thinkTag, ends: miniMaxEnd,
		calls: format{open: []string{"<minimax:tool_call>"}, close: []string{"</minimax:tool_call>"},
			call: []part{lit(`<invoke name="`), name, lit(`">`), params(param{
				open: `<parameter name="`, keyEnd: `"`, begin: ">", close: "</parameter>", end: "</invoke>"})}}}

	miniMaxM3 = Dialect{Name: "minimax_m3", think: span{"<mm:think>", "</mm:think>"}, ends: miniMaxEnd,
		calls: format{open: []string{treeSign + "<tool_call>"}, close: []string{treeSign + "</tool_call>"},
			call: []part{lit(treeSign + `<invoke name="`), name, lit(`">`), {kind: treePart}}}}

	mistral = Dialect{Name: "mistral", think: span{"[THINK]", "[/THINK]"}, ends: []string{"</s>"},
		calls: format{open: []string{"[TOOL_CALLS]"}, value: objects,
			call: []part{name, identity("[CALL_ID]"), opt("[ARGS]"), object(jsonNotation)}}}

	llama3JSON = Dialect{Name: "llama3_json", labels: llamaSay, ends: llamaEnd,
		calls: format{open: []string{"<|python_tag|>"}, value: objects | pythonic, bare: true, keys: llamaKeys}}

	llama4Pythonic = Dialect{Name: "pythonic", labels: llamaSay, ends: append([]string{"<|eot|>", "<end_of_turn>"}, llamaEnd...),
		calls: format{open: []string{"<|python_start|>"}, close: []string{"<|python_end|>"}, value: objects | pythonic, bare: true, keys: llamaKeys}}

	lfm2 = Dialect{Name: "lfm2", think: thinkTag, ends: chatML,
		calls: format{open: []string{"<|tool_call_start|>"}, close: []string{"<|tool_call_end|>"}, value: objects | pythonic}}

	granite3 = Dialect{Name: "granite3", think: thinkTag, varied: true, ends: []string{"<|end_of_text|>"},
		calls: format{open: []string{"<|tool_call|>", "<function_call>"}, value: objects}}

	nemotronV2 = Dialect{Name: "nemotron_v2", think: thinkTag, ends: []string{"<SPECIAL_12>"},
		calls: format{open: []string{"<TOOLCALL>"}, close: []string{"</TOOLCALL>"}, value: objects}}

	functionaryV31 = Dialect{Name: "functionary_v31", ends: llamaEnd,
		calls: format{open: []string{"<function="}, call: []part{name, lit(">"), object(jsonNotation), lit("</function>")}}}

	functionaryV32 = Dialect{Name: "functionary_v32", ends: llamaEnd,
		calls: format{open: []string{">>>"}, content: "all", call: []part{name, object(jsonNotation)}}}

	commandR7B = Dialect{Name: "command_r7b", think: span{"<|START_THINKING|>", "<|END_THINKING|>"}, ends: cohereEnd,
		frames: []string{"<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>"},
		calls:  format{open: []string{"<|START_ACTION|>"}, close: []string{"<|END_ACTION|>"}, value: objects, keys: cohereKeys}}

	commandRPlus = Dialect{Name: "command_r_plus", ends: cohereEnd,
		calls: format{open: []string{"Action:" + gap + "```json" + gap + "["}, close: []string{"```"}, value: objects | listBegun, keys: cohereKeys}}

	apertus = Dialect{Name: "apertus", think: span{"<|inner_prefix|>", "<|inner_suffix|>"}, ends: []string{"<|assistant_end|>"},
		calls: format{open: []string{"<|tools_prefix|>"}, close: []string{"<|tools_suffix|>"}, value: objects | keyed}}

	gigaChat31 = Dialect{Name: "gigachat3", ends: []string{"<|message_sep|>"},
		calls: format{open: []string{"<|function_call|>"}, value: objects}}

	gigaChat30 = Dialect{Name: "gigachat30", ends: []string{"<|message_sep|>"},
		calls: format{open: []string{"<|message_sep|>" + gap + "function call<|role_sep|>"}, value: objects}}

	solar = Dialect{Name: "solar", think: span{"<|think|>", "<|end|>"}, ends: []string{"<|calls|>", "<|end|>"},
		frames: []string{"<|begin|>assistant", "<|content|>"},
		calls: format{open: []string{"<|tool_calls|>"}, many: true,
			call: []part{lit("<|tool_call:begin|>"), identity(""), lit("<|tool_call:name|>"), name, lit("<|tool_call:args|>"),
				object(jsonNotation), lit("<|tool_call:end|>")}}}

	fireFunction = Dialect{Name: "firefunction_v2", ends: llamaEnd,
		calls: format{open: []string{"functools["}, value: objects | listBegun}}

	internLM2 = Dialect{Name: "internlm2", ends: chatML,
		calls: format{open: []string{"<|action_start|>" + gap + "<|plugin|>"}, close: []string{"<|action_end|>"}, value: objects}}

	miniCPM5 = Dialect{Name: "minicpm5", think: thinkTag, ends: chatML,
		calls: format{open: []string{`<function name="`},
			call: []part{name, lit(`">`), params(param{
				open: `<param name="`, keyEnd: `"`, begin: ">", close: "</param>", end: "</function>", cdata: true, python: true})}}}

	mcpXML = Dialect{Name: "mcp_xml", think: thinkTag, ends: chatML,
		calls: format{open: []string{"<use_mcp_tool>"},
			call: []part{lit("<server_name>"), until("</server_name>", `[^<\n]{0,60}`), lit("<tool_name>"), name, lit("</tool_name>"),
				lit("<arguments>"), object(jsonNotation), lit("</arguments>"), lit("</use_mcp_tool>")}}}

	bareJSON = Dialect{Name: "json", think: thinkTag, varied: true, ends: append(append([]string{"</s>"}, chatML...), llamaEnd...),
		calls: format{value: objects, bare: true}}
)

var (
	thinkTag    = span{"<think>", "</think>"}
	chatML      = []string{"<|im_end|>", "<|endoftext|>", "<|end_of_text|>", "<|eot_id|>"}
	llamaEnd    = []string{"<|eot_id|>", "<|eom_id|>"}
	deepSeekEnd = []string{"<｜end▁of▁sentence｜>"}
	deepSeekSay = []string{"<｜Assistant｜>"}
	llamaSay    = []string{"<|header_start|>assistant<|header_end|>", "<|start_header_id|>assistant<|end_header_id|>"}
	cohereEnd   = []string{"<|END_OF_TURN_TOKEN|>"}
	miniMaxEnd  = []string{"[e~["}
)

// What calls as objects are written with.
var (
	llamaKeys  = callKeys{args: "parameters"}
	cohereKeys = callKeys{id: "tool_call_id", name: "tool_name", args: "parameters"}
)

// treeSign precedes every tag of MiniMax M3.
const treeSign = "]<]minimax[>["

func dsml(format_, section string) Dialect {
	const sign = "｜DSML｜"
	return Dialect{Name: format_, think: thinkTag, labels: deepSeekSay, ends: deepSeekEnd,
		calls: format{open: []string{"<" + sign + section + ">"}, close: []string{"</" + sign + section + ">"},
			call: []part{lit("<" + sign + `invoke name="`), name, lit(`">`), params(param{
				open: "<" + sign + `parameter name="`, keyEnd: `"`, attribute: "string", begin: ">",
				close: "</" + sign + "parameter>", end: "</" + sign + "invoke>"})}}}
}

func toolCallsTag(name string, think span, end string) Dialect {
	return Dialect{Name: name, think: think, ends: []string{end},
		calls: format{open: []string{"<tool_calls>"}, close: []string{"</tool_calls>"}, value: objects}}
}

func framed(d Dialect, label string, frames ...string) Dialect {
	d.labels, d.frames = []string{label}, frames
	return d
}
