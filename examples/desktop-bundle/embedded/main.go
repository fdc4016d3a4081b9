// Embedded is one file because its model is compiled in: go build is all there is to do.
package main

import (
	"llm/examples/desktop-bundle/assistant"
	"llm/models/smolmoe"
)

func main() { assistant.Main(smolmoe.Source()) }
