// Package jinja renders the chat templates that checkpoints carry, as transformers' apply_chat_template renders them:
// Jinja2 in an immutable sandbox with trim_blocks, lstrip_blocks, loop controls and the generation tag.
//
// A template is part of an untrusted file. Parsing and rendering are bounded (see Limits), never panic, and reach nothing
// outside the values handed in. Every byte of the result is known to come from the template or from data (see Output), so
// that only the template's own text can become a control token.
package jinja
