package tokenizer

import (
	"fmt"
	"hash/maphash"
	"math"
	"math/bits"
	"strings"

	"llm/internal/errs"
)

// vocab is the table of tokens: flat, without a pointer per token.
type vocab struct {
	text    string    // all token texts, one after the other
	ends    []uint32  // token i is text[ends[i-1]:ends[i]]
	kinds   []Kind    // one per token
	scores  []float32 // one per token, or none
	bytes   [256]int32
	longest int // bytes of the longest NORMAL token: no merge makes more

	seed  maphash.Seed // random, so that a file cannot be made of collisions
	slots []uint64     // open addressing: low half of the hash << 32 | id+1; 0 is free
}

// corrupt is the error for a metadata key that contradicts the rest.
func corrupt(key, format string, args ...any) error {
	return formatError(key, errs.ErrCorrupt, format, args...)
}

// unsupported is the error for a valid vocabulary that this package cannot do.
func unsupported(key, format string, args ...any) error {
	return formatError(key, errs.ErrUnsupported, format, args...)
}

func formatError(key string, kind error, format string, args ...any) error {
	return &errs.FormatError{Tensor: key, Offset: -1, Err: fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), kind)}
}

// readVocab reads the tokens of f and their types and scores.
func readVocab(f Meta) (*vocab, error) {
	tokens, err := f.Strings(keyTokens)
	if err != nil {
		return nil, err
	}
	v := &vocab{seed: maphash.MakeSeed()}
	if err := v.setTexts(tokens); err != nil {
		return nil, err
	}
	if err := v.readKinds(f); err != nil {
		return nil, err
	}
	if f.Has(keyScores) {
		if v.scores, err = f.Floats(keyScores); err != nil {
			return nil, err
		}
		if len(v.scores) != v.size() {
			return nil, corrupt(keyScores, "%d scores for %d tokens", len(v.scores), v.size())
		}
	}
	if err := v.setIndex(); err != nil {
		return nil, err
	}
	return v, v.setBytes()
}

func (v *vocab) setTexts(tokens []string) error {
	if len(tokens) >= math.MaxInt32 {
		return unsupported(keyTokens, "%d tokens", len(tokens))
	}
	total := 0
	for _, s := range tokens {
		if total += len(s); total > math.MaxUint32 {
			return unsupported(keyTokens, "more than 4 GiB of token texts")
		}
	}
	var all strings.Builder
	all.Grow(total)
	v.ends = make([]uint32, len(tokens))
	for i, s := range tokens {
		all.WriteString(s)
		v.ends[i] = uint32(all.Len())
	}
	v.text = all.String()
	return nil
}

func (v *vocab) readKinds(f Meta) error {
	v.kinds = make([]Kind, v.size())
	if !f.Has(keyTypes) {
		for i := range v.kinds {
			v.kinds[i] = Normal
		}
		return nil
	}
	types, err := f.Int32s(keyTypes)
	if err != nil {
		return err
	}
	if len(types) != v.size() {
		return corrupt(keyTypes, "%d types for %d tokens", len(types), v.size())
	}
	for i, t := range types {
		if t < int32(Normal) || t > int32(Byte) {
			return corrupt(keyTypes, "token %d has type %d", i, t)
		}
		v.kinds[i] = Kind(t)
	}
	return nil
}

// setIndex builds the table from text to id. An empty text is never found, so it may repeat.
func (v *vocab) setIndex() error {
	v.slots = make([]uint64, v.size()+v.size()/3+1)
	for id := range int32(v.size()) {
		s := v.piece(id)
		if v.kinds[id] == Normal {
			v.longest = max(v.longest, len(s))
		}
		if s == "" {
			continue
		}
		slot, other := v.slot(s)
		if other >= 0 {
			return corrupt(keyTokens, "tokens %d and %d are both %.80q", other, id, s)
		}
		v.slots[slot] = maphash.String(v.seed, s)<<32 | uint64(id+1)
	}
	return nil
}

// setBytes finds the token of each byte among those of type BYTE.
func (v *vocab) setBytes() error {
	for i := range v.bytes {
		v.bytes[i] = -1
	}
	for id := range int32(v.size()) {
		if v.kinds[id] != Byte {
			continue
		}
		b, ok := parseByteToken(v.piece(id))
		if !ok {
			return corrupt(keyTokens, "token %d is of type byte, but %.80q is not of the form <0xNN>", id, v.piece(id))
		}
		if v.bytes[b] >= 0 {
			return corrupt(keyTokens, "tokens %d and %d are both byte %#02x", v.bytes[b], id, b)
		}
		v.bytes[b] = id
	}
	return nil
}

// parseByteToken returns NN of <0xNN>.
func parseByteToken(s string) (byte, bool) {
	if len(s) != 6 || s[:3] != "<0x" || s[5] != '>' {
		return 0, false
	}
	hi, ok1 := hexDigit(s[3])
	lo, ok2 := hexDigit(s[4])
	return hi<<4 | lo, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

func (v *vocab) size() int { return len(v.ends) }

func (v *vocab) valid(id int32) bool { return id >= 0 && int(id) < len(v.ends) }

// piece returns the text of a token as the file has it.
func (v *vocab) piece(id int32) string {
	start := uint32(0)
	if id > 0 {
		start = v.ends[id-1]
	}
	return v.text[start:v.ends[id]]
}

// find returns the id of the token with this text, -1 if there is none.
func (v *vocab) find(s string) int32 {
	if s == "" || len(v.slots) == 0 {
		return -1
	}
	_, id := v.slot(s)
	return id
}

// normal is find among the NORMAL tokens: the only ones that merging may make.
func (v *vocab) normal(s string) int32 {
	if id := v.find(s); id >= 0 && v.kinds[id] == Normal {
		return id
	}
	return -1
}

// slot returns where s is or belongs, and its id or -1.
func (v *vocab) slot(s string) (int, int32) {
	h := maphash.String(v.seed, s)
	top, _ := bits.Mul64(h, uint64(len(v.slots)))
	for i := int(top); ; {
		x := v.slots[i]
		if x == 0 {
			return i, -1
		}
		if id := int32(uint32(x)) - 1; x>>32 == h&math.MaxUint32 && v.piece(id) == s {
			return i, id
		}
		if i++; i == len(v.slots) {
			i = 0
		}
	}
}
