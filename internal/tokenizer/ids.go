package tokenizer

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// specialIDs are the tokens with a role; -1 is none.
type specialIDs struct{ bos, eos, eot, eom, sep, pad int32 }

var noIDs = specialIDs{-1, -1, -1, -1, -1, -1}

// readSpecial reads the ids with a role and what is added to prompts.
func (t *Tokenizer) readSpecial(f Meta, name string) error {
	bos, eos := int32(-1), int32(-1)
	switch name {
	case "llama":
		bos, eos = 1, 2
	case "gpt2":
		bos, eos = 11, 11
	}
	for _, x := range []struct {
		name string
		def  int32
		id   *int32
	}{
		{"bos", bos, &t.ids.bos}, {"eos", eos, &t.ids.eos}, {"eot", -1, &t.ids.eot}, {"eom", -1, &t.ids.eom},
		{"seperator", -1, &t.ids.sep}, {"padding", -1, &t.ids.pad}, // the keys are spelt so
	} {
		var err error
		if *x.id, err = t.readID(f, x.name, x.def); err != nil {
			return err
		}
	}
	if err := t.readAdd(f, name); err != nil {
		return err
	}
	if err := t.readSuppress(f); err != nil {
		return err
	}
	return t.readEOG(f)
}

// readID reads an id with a role. An id of -1, as some converters write, is none, and so is a default beyond the vocabulary.
func (t *Tokenizer) readID(f Meta, role string, def int32) (int32, error) {
	key := prefix + role + "_token_id"
	if !f.Has(key) {
		if !t.vocab.valid(def) {
			return -1, nil
		}
		return def, nil
	}
	id, err := f.Uint(key, 0)
	switch {
	case err != nil:
		return -1, err
	case id == math.MaxUint32:
		return -1, nil
	case id >= uint64(t.vocab.size()):
		return -1, corrupt(key, "id %d in a vocabulary of %d tokens", id, t.vocab.size())
	}
	return int32(id), nil
}

func (t *Tokenizer) readAdd(f Meta, name string) (err error) {
	if name != "gemma4" { // files of the first weeks say false and are wrong
		if t.addBOS, err = f.Bool(prefix+"add_bos_token", t.addBOS); err != nil {
			return err
		}
	}
	if t.addEOS, err = f.Bool(prefix+"add_eos_token", false); err != nil {
		return err
	}
	if t.addSEP, err = f.Bool(prefix+"add_sep_token", t.addSEP); err != nil {
		return err
	}
	model, err := f.Str("general.name", "")
	model = strings.ToLower(model)
	t.eatBlanks = strings.Contains(model, "phi-3") || strings.Contains(model, "phi3")
	return err
}

func (t *Tokenizer) readSuppress(f Meta) (err error) {
	if !f.Has(keySuppress) {
		return nil
	}
	if t.suppress, err = f.Int32s(keySuppress); err != nil {
		return err
	}
	for _, id := range t.suppress {
		if !t.vocab.valid(id) {
			return corrupt(keySuppress, "id %d in a vocabulary of %d tokens", id, t.vocab.size())
		}
	}
	return nil
}

func (t *Tokenizer) warn(format string, args ...any) {
	t.warnings = append(t.warnings, fmt.Sprintf(format, args...))
}

// guarded reports whether a token has a role, so that user text must not write it whatever it looks like.
func (t *Tokenizer) guarded(id int32) bool {
	return id == t.ids.bos || id == t.ids.sep || id == t.ids.pad || t.IsEOG(id)
}

// BOS returns the token that begins a text, if there is one.
func (t *Tokenizer) BOS() (int32, bool) { return t.ids.bos, t.ids.bos >= 0 }

// EOS returns the token that ends a text, if there is one.
func (t *Tokenizer) EOS() (int32, bool) { return t.ids.eos, t.ids.eos >= 0 }

// EOT returns the token that ends a turn, if the file names one.
func (t *Tokenizer) EOT() (int32, bool) { return t.ids.eot, t.ids.eot >= 0 }

// EOM returns the token that ends a message before a tool's answer, if the file names one.
func (t *Tokenizer) EOM() (int32, bool) { return t.ids.eom, t.ids.eom >= 0 }

// SEP returns the token between two texts, if there is one.
func (t *Tokenizer) SEP() (int32, bool) { return t.ids.sep, t.ids.sep >= 0 }

// PAD returns the padding token, if there is one.
func (t *Tokenizer) PAD() (int32, bool) { return t.ids.pad, t.ids.pad >= 0 }

// AddsBOS reports whether AppendPrompt puts BOS in front.
func (t *Tokenizer) AddsBOS() bool { return t.addBOS && t.ids.bos >= 0 }

// AddsEOS reports whether AppendPrompt puts EOS at the end.
func (t *Tokenizer) AddsEOS() bool { return t.addEOS && t.ids.eos >= 0 }

// EOG returns the tokens that end a generation, ascending. The caller must not change it.
func (t *Tokenizer) EOG() []int32 { return t.eog }

// IsEOG reports whether a token ends a generation.
func (t *Tokenizer) IsEOG(id int32) bool {
	_, ok := slices.BinarySearch(t.eog, id)
	return ok
}

// Suppressed returns the tokens that must never be sampled (tokenizer.ggml.suppress_tokens). The caller must not change it.
func (t *Tokenizer) Suppressed() []int32 { return t.suppress }
