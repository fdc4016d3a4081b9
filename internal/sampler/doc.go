// Package sampler turns a row of logits into a token: bias, mask, penalties, top-k, typical-p, top-p, min-p,
// temperature and a draw that is a pure function of seed, position and token id.
//
// The draw is Gumbel-max over the counter-based generator Philox4x32-10 (Salmon et al., SC 2011): every token has its
// own noise, so the choice depends neither on order nor on padding nor on which other tokens were cut. All arithmetic
// after the logits is in 64-bit floats. A NaN logit counts as minus infinity, plus infinity as the greatest 32-bit float.
package sampler
