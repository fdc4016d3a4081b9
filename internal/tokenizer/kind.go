package tokenizer

// Kind is the type of a token as the checkpoint gives it (tokenizer.ggml.token_type).
type Kind uint8

// Kinds of tokens, numbered as in the file.
const (
	Normal      Kind = 1 // made by merging
	Unknown     Kind = 2 // stands for what the vocabulary lacks
	Control     Kind = 3 // written by templates only, hidden in output
	UserDefined Kind = 4 // found in text before merging
	Unused      Kind = 5 // a hole in the vocabulary
	Byte        Kind = 6 // <0xNN>: one byte
)

// String returns the name of the kind.
func (k Kind) String() string {
	names := [...]string{Normal: "normal", Unknown: "unknown", Control: "control", UserDefined: "user-defined", Unused: "unused", Byte: "byte"}
	if int(k) < len(names) && names[k] != "" {
		return names[k]
	}
	return "invalid"
}
