module llm/examples

go 1.26.0

require (
	llm v0.0.0
	llm/models/smolmoe v0.0.0
)

require (
	github.com/x448/float16 v0.8.4 // indirect
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/text v0.39.0 // indirect
)

replace (
	llm => ..
	llm/models/smolmoe => ../models/smolmoe
)
