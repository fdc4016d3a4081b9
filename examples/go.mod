module llm/examples

go 1.26.0

require (
	llm v0.0.0
	llm/models/smolmoe v0.0.0
)

replace (
	llm => ..
	llm/models/smolmoe => ../models/smolmoe
)
