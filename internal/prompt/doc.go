// Package prompt is what lies between messages and tokens: it renders a chat template, in the form of messages that the
// template understands, and splits what the model then writes into reasoning and answer.
package prompt
