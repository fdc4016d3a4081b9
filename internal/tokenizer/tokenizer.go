package tokenizer

import (
	"slices"
	"sync"
)

// Meta is the metadata of a checkpoint. A getter with a default returns it when the key is missing; the others fail then.
type Meta interface {
	Has(key string) bool
	Str(key, def string) (string, error)
	Bool(key string, def bool) (bool, error)
	Uint(key string, def uint64) (uint64, error)
	Strings(key string) ([]string, error)
	Floats(key string) ([]float32, error)
	Int32s(key string) ([]int32, error)
}

const prefix = "tokenizer.ggml."

const (
	keyModel    = prefix + "model"
	keyPre      = prefix + "pre"
	keyTokens   = prefix + "tokens"
	keyTypes    = prefix + "token_type"
	keyScores   = prefix + "scores"
	keyMerges   = prefix + "merges"
	keySuppress = prefix + "suppress_tokens"
)

// Tokenizer is the vocabulary of a checkpoint. It is safe for concurrent use and keeps nothing of the Meta it was made from.
type Tokenizer struct {
	vocab    *vocab
	specials *specials
	ids      specialIDs
	eog      []int32 // sorted
	suppress []int32
	shown    []int32 // CONTROL tokens that output shows nevertheless

	addBOS, addEOS, addSEP bool
	eatBlanks              bool // special tokens eat the white space behind them (Phi-3)
	byteLevel              bool // NORMAL texts are written in the characters of bytes
	warnings               []string

	model    func() model // built by the first call: the merge table takes longest
	encoders sync.Pool
}

// New reads the vocabulary in f. What it refuses is a *errs.FormatError: errs.ErrUnsupported names an unknown
// tokenizer.ggml.model or tokenizer.ggml.pre, errs.ErrCorrupt the table that contradicts the rest. The table of merges is built
// by the first call that needs it.
//
// A checkpoint without a vocabulary ("none") gives a Tokenizer without tokens: its ids work, text does not (see Err).
func New(f Meta) (*Tokenizer, error) {
	t := &Tokenizer{vocab: &vocab{}, ids: noIDs}
	t.encoders.New = newEncoder
	name, err := f.Str(keyModel, "none")
	if err != nil {
		return nil, err
	}
	if name == "none" || name == "no_vocab" {
		t.specials = newSpecials(t.vocab, t.guarded)
		return t, nil
	}
	if err := t.readModel(f, name); err != nil {
		return nil, err
	}
	if err := t.readSpecial(f, name); err != nil {
		return nil, err
	}
	t.specials = newSpecials(t.vocab, t.guarded)
	return t, nil
}

// readModel reads the vocabulary and chooses the algorithm. Names are checked first: reading is the slow part.
func (t *Tokenizer) readModel(f Meta, name string) (err error) {
	pre, err := f.Str(keyPre, "")
	if err != nil {
		return err
	}
	switch {
	case name == "gemma4":
		t.addBOS = true
		return t.readRaw(f, true)
	case name == "gpt2" && pre == "sarvam-moe":
		return t.readRaw(f, false)
	case name == "gpt2":
		return t.readByteLevel(f, pre)
	case name == "llama":
		t.addBOS = true
		return t.readSentencePiece(f)
	}
	return unsupported(keyModel, "tokenizer model %.80q", name)
}

func (t *Tokenizer) readByteLevel(f Meta, pre string) (err error) {
	r, ok := ruleFor(pre)
	if !ok {
		return unsupported(keyPre, "pre-tokenizer %.80q: this version does not know how the model splits words", pre)
	}
	if r.guess {
		t.warn("%s does not name a pre-tokenizer: token ids are probably wrong, and the model's answers worse for it", keyPre)
	}
	t.addBOS, t.addSEP, t.byteLevel = r.addBOS, r.addSEP, true
	if t.vocab, err = readVocab(f); err != nil {
		return err
	}
	merges, err := readMerges(f)
	if err != nil {
		return err
	}
	v := t.vocab
	t.model = sync.OnceValue(func() model { return newByteLevel(v, r, merges) })
	return nil
}

func (t *Tokenizer) readRaw(f Meta, newline bool) (err error) {
	if t.vocab, err = readVocab(f); err != nil {
		return err
	}
	merges, err := readMerges(f)
	if err != nil {
		return err
	}
	unknown, err := t.unknownID(f, -1)
	v := t.vocab
	t.model = sync.OnceValue(func() model {
		return &rawBPE{vocab: v, words: newWords(v), merges: newMergeTable(v, merges), newline: newline, unknown: unknown}
	})
	return err
}

func (t *Tokenizer) readSentencePiece(f Meta) (err error) {
	if !f.Has(keyScores) {
		return corrupt(keyScores, "a vocabulary of model \"llama\" needs scores")
	}
	if t.vocab, err = readVocab(f); err != nil {
		return err
	}
	space, err := f.Bool(prefix+"add_space_prefix", true)
	if err != nil {
		return err
	}
	unknown, err := t.unknownID(f, 0)
	v := t.vocab
	t.model = sync.OnceValue(func() model {
		return &sentencePiece{vocab: v, words: newWords(v), prefix: space, unknown: unknown}
	})
	return err
}

// readMerges returns the merges of the file, by rank.
func readMerges(f Meta) ([]string, error) {
	merges, err := f.Strings(keyMerges)
	if len(merges) >= noRank {
		return nil, unsupported(keyMerges, "%d merges", len(merges))
	}
	return merges, err
}

// unknownID returns the token for characters that no others make, -1 for none. One of another type is none: some files name a
// control token, which user text must not write.
func (t *Tokenizer) unknownID(f Meta, def int32) (int32, error) {
	id, err := t.readID(f, "unknown", def)
	if t.Kind(id) != Unknown {
		id = -1
	}
	return id, err
}

// Err is nil if the Tokenizer can encode text, and errs.ErrUnsupported if the checkpoint has no vocabulary; Append then
// appends nothing.
func (t *Tokenizer) Err() error {
	if t.model == nil {
		return unsupported(keyModel, "the checkpoint has no vocabulary: text cannot be encoded")
	}
	return nil
}

// Append appends the tokens of user text to dst: never a CONTROL or UNKNOWN token for text that spells one, nor a
// user-defined one that looks like markup. Nothing is added at the ends. Bytes that are no UTF-8 count as U+FFFD.
func (t *Tokenizer) Append(dst []int32, text string) []int32 {
	return t.AppendMixed(dst, text, nil)
}

// AppendSpecial appends the tokens of template text to dst: special tokens in it are parsed.
func (t *Tokenizer) AppendSpecial(dst []int32, text string) []int32 {
	all := [1]Span{{0, len(text)}}
	return t.AppendMixed(dst, text, all[:])
}

// AppendMixed appends the tokens of a text whose trusted ranges are template text and the rest user text. A special token is
// parsed only where all its bytes are trusted; what is between two of them is encoded as one text, across the borders of
// trust, as the published tokenizers see it.
func (t *Tokenizer) AppendMixed(dst []int32, text string, trusted Spans) []int32 {
	if t.model == nil {
		return dst
	}
	e := t.encoders.Get().(*encoder)
	e.dst, e.dry = dst, false
	t.encode(e, text, trusted)
	dst, e.dst = e.dst, nil
	t.encoders.Put(e)
	return dst
}

// Count returns how many tokens Append would append.
func (t *Tokenizer) Count(text string) int {
	if t.model == nil {
		return 0
	}
	e := t.encoders.Get().(*encoder)
	e.dry, e.count = true, 0
	t.encode(e, text, nil)
	n := e.count
	t.encoders.Put(e)
	return n
}

// encode cuts special tokens out of text and encodes what is between them.
func (t *Tokenizer) encode(e *encoder, text string, trusted Spans) {
	m, from, trust := t.model(), 0, trust{rest: trusted}
	for i := 0; i < len(text); {
		if b := int(text[i]); t.specials.first[b] == t.specials.first[b+1] {
			i++
			continue
		}
		id, n := t.specials.match(text, i, trust.until(i))
		if id < 0 {
			i++
			continue
		}
		e.fragment(m, text[from:i])
		e.emit(id)
		i += n
		if t.eatBlanks && t.eats(id) {
			i = trailing(text, i, " \t\n\v\f\r")
		}
		from = i
	}
	e.fragment(m, text[from:])
}

// eats reports whether Phi-3 drops the white space behind a token.
func (t *Tokenizer) eats(id int32) bool {
	switch t.vocab.piece(id) {
	case "<unk>", "<s>", "<|endoftext|>":
		return false
	}
	return true
}

// AppendPrompt is AppendMixed with what the metadata adds to a prompt: BOS in front, EOS or SEP at the end. A text that begins
// with a trusted BOS, as many templates write it, gets no second one.
func (t *Tokenizer) AppendPrompt(dst []int32, text string, trusted Spans) []int32 {
	at := len(dst)
	dst = t.appendWhole(dst, text, trusted)
	if t.AddsBOS() && len(dst) > at+1 && dst[at+1] == t.ids.bos {
		dst = slices.Delete(dst, at, at+1)
	}
	return dst
}

// appendWhole is AppendPrompt that adds BOS whatever the text begins with.
func (t *Tokenizer) appendWhole(dst []int32, text string, trusted Spans) []int32 {
	if t.model == nil {
		return dst
	}
	if t.AddsBOS() {
		dst = append(dst, t.ids.bos)
	}
	dst = t.AppendMixed(dst, text, trusted)
	switch {
	case t.AddsEOS():
		dst = append(dst, t.ids.eos)
	case t.addSEP && t.ids.sep >= 0:
		dst = append(dst, t.ids.sep)
	}
	return dst
}

// Size returns the number of tokens; ids are 0 to Size-1.
func (t *Tokenizer) Size() int { return t.vocab.size() }

// Kind returns the type of a token, 0 for an id out of range.
func (t *Tokenizer) Kind(id int32) Kind {
	if !t.vocab.valid(id) {
		return 0
	}
	return t.vocab.kinds[id]
}

// ID returns the token whose text in the file is exactly text, of whatever kind.
func (t *Tokenizer) ID(text string) (int32, bool) {
	id := t.vocab.find(text)
	return id, id >= 0
}

// Marker returns the CONTROL or USER_DEFINED token whose text in the file is exactly text: one that frames something, which
// ordinary tokens can spell but do not mean.
func (t *Tokenizer) Marker(text string) (int32, bool) {
	id := t.marker(text)
	return id, id >= 0
}

// PieceText returns the text of a token as the file has it: in the characters of bytes, or with ▁ for spaces. It is "" for an id
// out of range.
func (t *Tokenizer) PieceText(id int32) string {
	if !t.vocab.valid(id) {
		return ""
	}
	return t.vocab.piece(id)
}

// Warnings returns what is wrong with the vocabulary without stopping it from being used.
func (t *Tokenizer) Warnings() []string { return t.warnings }
