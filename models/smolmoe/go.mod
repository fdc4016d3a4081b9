module llm/models/smolmoe

go 1.26.0

require llm v0.0.0

replace llm => ../..
