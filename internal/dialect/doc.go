// Package dialect reads what a model writes: text, reasoning and tool calls, in the wire format that its template taught it.
//
// A Dialect is data: the markers around reasoning, sections and calls, and which of a few small readers understands the
// arguments. A Parser is one automaton over the bytes of a turn: every byte is read once, so the answer does not depend on
// how the text was cut, and what turns out to be no call becomes text again.
//
// The same data gives the Constraint of a Turn: what the model may write, from the end of the prompt to the end of the turn, with
// the arguments of every Function held to its schema in the notation that the format has for them. What it lets through the Parser
// reads; it is narrower than the Parser, which forgives.
package dialect
