package quant

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/errs"
)

// supported lists the types that can be computed with.
func supported() (list []Type) {
	for t := range Type(64) {
		if Supported(t) {
			list = append(list, t)
		}
	}
	return list
}

// eachType runs a test for every type, without and with importance.
func eachType(t *testing.T, n int, f func(t *testing.T, typ Type, importance []float32)) {
	random := rand.New(rand.NewPCG(1, 2))
	importance := make([]float32, n)
	for i := range importance {
		importance[i] = float32(random.ExpFloat64())
	}
	for _, typ := range supported() {
		t.Run(typ.String(), func(t *testing.T) { f(t, typ, nil) })
		t.Run(typ.String()+"/importance", func(t *testing.T) { f(t, typ, importance) })
	}
}

func roundTrip(t testing.TB, typ Type, x, importance []float32) (data []byte, values []float32) {
	t.Helper()
	data, values = make([]byte, typ.RowBytes(len(x))), make([]float32, len(x))
	require.NoError(t, Quantize(typ, data, x, importance))
	require.NoError(t, Dequantize(typ, values, data))
	return data, values
}

func gaussian(n int, seed uint64) []float32 {
	random := rand.New(rand.NewPCG(seed, 0))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	return x
}

func TestSupportedTypes(t *testing.T) {
	require.Equal(t, []Type{F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, BF16, MXFP4}, supported())
}

func TestZerosStayZeros(t *testing.T) {
	eachType(t, 512, func(t *testing.T, typ Type, importance []float32) {
		_, values := roundTrip(t, typ, make([]float32, 512), importance)
		for _, v := range values {
			require.Zero(t, v)
		}
	})
}

// More bits leave less error; two bits with a scale per 16 leave less than the best two-bit code of a gaussian alone, Lloyd's and
// Max's with a mean square error of 0.1175.
func TestErrorFallsWithBits(t *testing.T) {
	x, least := gaussian(1<<14, 7), -1.0
	for _, typ := range []Type{F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q5_1, Q5_0, Q4_K, Q4_1, Q4_0, Q3_K, Q2_K} {
		_, values := roundTrip(t, typ, x, nil)
		e := rms(x, values)
		require.Greater(t, e, least, typ)
		require.Less(t, e, math.Sqrt(0.1175), typ)
		least = e
	}
}

func rms(x, y []float32) float64 {
	s := 0.0
	for i := range x {
		d := float64(x[i]) - float64(y[i])
		s += d * d
	}
	return math.Sqrt(s / float64(len(x)))
}

// Importance moves error from columns that do not matter to those that do.
func TestImportanceLowersWeightedError(t *testing.T) {
	x, importance := gaussian(4096, 3), make([]float32, 4096)
	for i := range importance {
		importance[i] = 0.01
		if i%4 == 0 {
			importance[i] = 10
		}
	}
	weighted := func(values []float32) (s float64) {
		for i, v := range values {
			d := float64(x[i] - v)
			s += float64(importance[i]) * d * d
		}
		return s
	}
	for _, typ := range []Type{Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS} {
		_, plain := roundTrip(t, typ, x, nil)
		_, better := roundTrip(t, typ, x, importance)
		require.Less(t, weighted(better), weighted(plain), typ)
	}
}

// Rows that a type can hold exactly come back as the same bytes.
func TestExactRowsKeepTheirBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, typ := range []Type{Q8_0, Q4_0, Q5_0, MXFP4} {
		for range 200 {
			data := make([]byte, typ.BlockBytes())
			for i := range data {
				data[i] = byte(random.Uint32())
			}
			switch typ { // a scale in range, and the extreme code in use
			case Q8_0:
				putHalf(data, 0.37)
				data[5] = 127
				for i := 2; i < len(data); i++ {
					if data[i] == 128 {
						data[i] = 0
					}
				}
			case Q4_0:
				putHalf(data, -0.0125)
				data[5] = 0
			case Q5_0:
				putHalf(data, 1.5)
				data[2], data[6] = data[2]&^1, 0
			case MXFP4:
				data[0] = 100 + byte(random.Uint32()%40)
				data[4] = 7
				for i := 1; i < len(data); i++ { // -0 comes back as 0
					if data[i]&15 == 8 {
						data[i] &^= 15
					}
					if data[i]>>4 == 8 {
						data[i] &= 15
					}
				}
			}
			values := make([]float32, 32)
			require.NoError(t, Dequantize(typ, values, data))
			again, _ := roundTrip(t, typ, values, nil)
			require.Equal(t, data, again, typ)
		}
	}
}

// A block's bytes do not depend on the rest of its row where importance does not bring the row's energy in.
func TestRowsAreBlocksInTurn(t *testing.T) {
	x := gaussian(1024, 9)
	for _, typ := range supported() {
		row, values := roundTrip(t, typ, x, nil)
		var parts []byte
		var partValues []float32
		for at := 0; at < len(x); at += 256 {
			d, v := roundTrip(t, typ, x[at:at+256], nil)
			parts, partValues = append(parts, d...), append(partValues, v...)
		}
		require.Equal(t, row, parts, typ)
		require.Equal(t, values, partValues, typ)
	}
}

func TestAnyFloatsCanBeQuantized(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	odd := []float32{inf, -inf, nan, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -1e-40, 0, 1}
	eachType(t, 512, func(t *testing.T, typ Type, importance []float32) {
		for i, a := range odd {
			for _, b := range odd[i:] {
				x := gaussian(512, 4)
				x[3], x[100], x[300] = a, b, a
				roundTrip(t, typ, x, importance)
				for j := range x {
					x[j] = a
					if j%3 == 0 {
						x[j] = b
					}
				}
				roundTrip(t, typ, x, importance)
				roundTrip(t, typ, gaussian(512, 4), x) // as importance
			}
		}
	})
}

func TestWrongLengthsAreRefused(t *testing.T) {
	for _, typ := range supported() {
		n := 2 * 256
		x, data := make([]float32, n), make([]byte, typ.RowBytes(n))
		for _, c := range []struct{ weights, bytes int }{{n, len(data) - 1}, {n - typ.Block(), len(data)}, {0, len(data)}, {n, 0}} {
			require.Error(t, Dequantize(typ, x[:c.weights], data[:c.bytes]), typ)
			require.Error(t, Quantize(typ, data[:c.bytes], x[:c.weights], nil), typ)
		}
		if typ.Block() > 1 {
			require.Error(t, Dequantize(typ, x[:n-1], data), typ)
			require.Error(t, Quantize(typ, data, x[:n-1], nil), typ)
		}
		require.Error(t, Quantize(typ, data, x, x[:n-1]), typ)
		require.NoError(t, Dequantize(typ, nil, nil), typ)
		require.NoError(t, Quantize(typ, nil, nil, nil), typ)
	}
}

func TestUnsupportedTypesAreRefused(t *testing.T) {
	for typ := range Type(64) {
		if !Supported(typ) {
			require.ErrorIs(t, Dequantize(typ, nil, nil), errs.ErrUnsupported)
			require.ErrorIs(t, Quantize(typ, nil, nil, nil), errs.ErrUnsupported)
			require.NotPanics(t, func() { typ.RowBytes(256) })
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	eachType(t, 512, func(t *testing.T, typ Type, importance []float32) {
		x, data := gaussian(512, 8), make([]byte, typ.RowBytes(512))
		require.Zero(t, testing.AllocsPerRun(5, func() {
			_ = Quantize(typ, data, x, importance)
			_ = Dequantize(typ, x, data)
		}))
	})
}

// The table is that of llama.cpp's quantizer.
func TestFallback(t *testing.T) {
	for wished, want := range map[Type]Type{
		IQ1_S: IQ4_NL, IQ1_M: IQ4_NL, IQ2_XXS: IQ4_NL, IQ2_XS: IQ4_NL, IQ2_S: IQ4_NL, IQ3_XXS: IQ4_NL, IQ3_S: IQ4_NL, IQ4_XS: IQ4_NL,
		Q2_K: Q4_0, Q3_K: Q4_0, TQ1_0: Q4_0, TQ2_0: Q4_0, Q4_K: Q5_0, Q5_K: Q5_1, Q6_K: Q8_0,
		Q4_0: Q4_0, MXFP4: MXFP4, F16: F16, F32: F32,
	} {
		require.Equal(t, wished, Fallback(wished, 2560), wished)
		require.Equal(t, want, Fallback(wished, 2880), wished)
		if wished.Block() > 1 {
			require.Equal(t, F16, Fallback(wished, 2850), wished)
		}
	}
	require.Equal(t, Q4_0, Fallback(Q2_0, 96))
	require.Equal(t, F16, Fallback(NVFP4, 96))
	require.Equal(t, Type(99), Fallback(99, 96))
}

// Compilers may fuse a product and a sum, which rounds once instead of twice; the values would then depend on the processor.
func TestNothingIsFused(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the package for arm64 and amd64 v3")
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not here")
	}
	fused := regexp.MustCompile(`.*\bV?FN?M(ADD|SUB)\w*\b.*`)
	for _, env := range [][]string{{"GOARCH=arm64"}, {"GOARCH=amd64", "GOAMD64=v3"}} {
		c := exec.Command(tool, "build", "-gcflags=-S", ".")
		c.Env = append(c.Environ(), env...)
		listing, err := c.CombinedOutput()
		require.NoError(t, err)
		require.Contains(t, string(listing), "decodeQ4_K")
		require.Empty(t, string(fused.Find(listing)), env)
	}
}

func FuzzDequantize(f *testing.F) {
	f.Add(uint32(Q4_K), uint16(256), make([]byte, 144))
	f.Add(uint32(Q6_K), uint16(512), make([]byte, 419))
	f.Add(uint32(IQ2_S), uint16(256), make([]byte, 82))
	f.Fuzz(func(t *testing.T, id uint32, n uint16, data []byte) {
		typ := Type(id)
		for _, typ := range append(supported(), typ) {
			dst := make([]float32, n)
			err := Dequantize(typ, dst, data)
			fits := Supported(typ) && int(n)%typ.Block() == 0 && typ.RowBytes(int(n)) == len(data)
			require.Equal(t, fits, err == nil, "%v", typ)
			if Supported(typ) {
				whole := len(data) / typ.BlockBytes()
				require.NoError(t, Dequantize(typ, make([]float32, whole*typ.Block()), data[:whole*typ.BlockBytes()]))
			}
		}
	})
}

func FuzzQuantize(f *testing.F) {
	f.Add([]byte{0, 0, 128, 127, 0, 0, 192, 127}, true)
	f.Add([]byte{1, 0, 0, 0, 255, 255, 127, 127, 0, 0, 0, 63}, false)
	f.Fuzz(func(t *testing.T, seed []byte, weighted bool) {
		if len(seed) < 4 {
			return
		}
		x, importance := make([]float32, 256), []float32(nil)
		decodeF32(x[:min(len(seed)/4, 256)], seed)
		for i := len(seed) / 4; i < len(x); i++ {
			x[i] = x[i%(len(seed)/4)]
		}
		if weighted {
			importance = x
		}
		for _, typ := range supported() {
			roundTrip(t, typ, x, importance)
		}
	})
}

func BenchmarkDequantize(b *testing.B) {
	x := gaussian(4096, 1)
	for _, typ := range supported() {
		b.Run(typ.String(), func(b *testing.B) {
			data, _ := roundTrip(b, typ, x, nil)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				_ = Dequantize(typ, x, data)
			}
			reportWeights(b, len(x))
		})
	}
}

func BenchmarkQuantize(b *testing.B) {
	x, importance := gaussian(4096, 1), make([]float32, 4096)
	squares(importance, gaussian(4096, 2))
	for _, typ := range supported() {
		for name, importance := range map[string][]float32{"plain": nil, "importance": importance} {
			b.Run(fmt.Sprintf("%v/%s", typ, name), func(b *testing.B) {
				data := make([]byte, typ.RowBytes(len(x)))
				for b.Loop() {
					_ = Quantize(typ, data, x, importance)
				}
				reportWeights(b, len(x))
			})
		}
	}
}

func reportWeights(b *testing.B, n int) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mweights/s")
}
