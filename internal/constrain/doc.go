// Package constrain holds a model's output to a JSON Schema, a GBNF grammar, a regular expression or plain JSON.
//
// Each of them compiles to one program: a recursive transition network over code points, with counters instead of unrolled
// repetitions, that is run byte by byte. A Constraint is the program with what had to be left out of it (Relaxed) and the
// validator that checks a finished text to the letter. A Trie is a vocabulary as the masks need it; one serves all constraints of
// a model. A Matcher follows one sequence: it says which tokens may come next, for one token (Accepts) or for all (Mask).
//
// Schemas also compile for values that are not written as JSON (Notation), and constraints are put together from parts (Compose).
//
// No sentence is a dead end: what can never be finished is not offered. A limit that is reached is an error at compile time or,
// for a keyword of a schema, a relaxation that is reported; it is never silent.
//
// The design follows llguidance (lazily built automata, trie walk, slices of the vocabulary) and XGrammar (byte-level pushdown
// automaton); see Matcher.Mask for what is cached.
package constrain
