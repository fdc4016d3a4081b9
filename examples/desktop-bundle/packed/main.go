// Packed is one file after llm pack has appended a model, of any size, to the built program.
package main

import (
	"llm"
	"llm/examples/desktop-bundle/assistant"
)

func main() { assistant.Main(llm.Executable()) }
