//go:build !purego

package asm

// dotQ4_0NEON sets out[0..rows) to the products of rows of Q4_0, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotQ4_0NEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotQ4_1NEON sets out[0..rows) to the products of rows of Q4_1, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotQ4_1NEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotQ5_0NEON sets out[0..rows) to the products of rows of Q5_0, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotQ5_0NEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotQ5_1NEON sets out[0..rows) to the products of rows of Q5_1, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotQ5_1NEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotQ8_0NEON sets out[0..rows) to the products of rows of Q8_0, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotQ8_0NEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotIQ4_NLNEON sets out[0..rows) to the products of rows of IQ4_NL, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotIQ4_NLNEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotMXFP4NEON sets out[0..rows) to the products of rows of MXFP4, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotMXFP4NEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotQ2_KNEON sets out[0..rows) to the products of rows of Q2_K, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotQ2_KNEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotQ3_KNEON sets out[0..rows) to the products of rows of Q3_K, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotQ3_KNEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotQ4_KNEON sets out[0..rows) to the products of rows of Q4_K, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotQ4_KNEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotQ5_KNEON sets out[0..rows) to the products of rows of Q5_K, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotQ5_KNEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotQ6_KNEON sets out[0..rows) to the products of rows of Q6_K, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotQ6_KNEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

// dotIQ4_XSNEON sets out[0..rows) to the products of rows of IQ4_XS, stride bytes apart, with one token.
// Rows are blocks > 0 long; their number is a positive multiple of four.
// What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.
//
//go:noescape
func dotIQ4_XSNEON(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)
