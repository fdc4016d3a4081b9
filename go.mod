module llm

go 1.26
