// Package llm runs quantized language models, mixtures of experts above all, inside a Go program: one import, no cgo, no
// shared library, no server and no second process. A checkpoint is mapped, not loaded, and answers.
//
//	m, err := llm.Open(ctx, llm.File("model.gguf"))
//	if err != nil {
//		return err
//	}
//	defer m.Close()
//	chat, err := m.NewChat()
//	if err != nil {
//		return err
//	}
//	for text, err := range chat.Send(ctx, "Why is the sky blue?", llm.Params{}).Text() {
//		if err != nil {
//			return err
//		}
//		fmt.Print(text)
//	}
//
// A [Model] is an open checkpoint and safe for concurrent use: what many goroutines ask at the same time shares one batch
// and does not change one another's answers. A [Session] is one sequence of tokens with its cache, a [Chat] a conversation
// in the form the model was trained on. Both are for one goroutine at a time.
//
// Answers are a [Stream]: it starts when first ranged over, and leaving the loop cancels the work.
//
// Errors are values that errors.Is and errors.As can tell apart, see [ErrClosed] and its neighbours. No input makes the
// package panic: not a file, a prompt or a template.
//
// The same prompt, parameters and seed give the same tokens on one device, whatever else the process computes
// at the time, however many threads there are, and whether the prompt was cached or not.
//
// User text never becomes a control token. Only a chat template's own text does, and the prompt of [Model.Generate], which
// is the caller's own template.
package llm
