package source

import (
	"bytes"
	"crypto/sha256"
	"debug/pe"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const askForModel = "LLM_TEST_PRINT_MODEL"

// TestMain lets a packed copy of this test print the model it carries.
func TestMain(m *testing.M) {
	if os.Getenv(askForModel) != "" {
		printModel()
		return
	}
	os.Exit(m.Run())
}

func printModel() {
	b, err := Executable().Open()
	if err != nil {
		os.Stdout.WriteString("error: " + err.Error())
		return
	}
	data, err := b.Slice(0, b.Size())
	if err != nil || !b.Mapped() {
		os.Stdout.WriteString("not mapped")
		return
	}
	_, _ = os.Stdout.Write(data)
}

func run(t *testing.T, program string) string {
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), askForModel+"=1")
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

func write(t *testing.T, name string, data []byte) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o755))
	return path
}

func TestPackedProgramFindsItsModel(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	require.Contains(t, run(t, self), "this program carries no model; see llm pack")

	out := filepath.Join(t.TempDir(), "packed.exe")
	p, err := Pack(self, write(t, "one.gguf", []byte("GGUF one")), out)
	require.NoError(t, err)
	require.Zero(t, p.Offset%packAlign)
	require.Equal(t, "GGUF one", run(t, out))
	stat, err := os.Stat(out)
	require.NoError(t, err)
	require.Equal(t, p.Bytes, stat.Size())
	if runtime.GOOS != "windows" {
		original, err := os.Stat(self)
		require.NoError(t, err)
		require.Equal(t, original.Mode(), stat.Mode())
	}

	again, err := Pack(out, write(t, "two.gguf", []byte("GGUF, the second")), out) // over itself: the model is replaced
	require.NoError(t, err)
	require.Equal(t, p.Offset, again.Offset)
	require.Equal(t, "GGUF, the second", run(t, out))
	left, err := os.ReadDir(filepath.Dir(out))
	require.NoError(t, err)
	require.Len(t, left, 1, "temporary files are gone")
}

func TestTrailerAsDocumented(t *testing.T) {
	model := []byte("GGUF" + strings.Repeat("m", 1000))
	out := filepath.Join(t.TempDir(), "out")
	p, err := Pack(write(t, "prog", []byte("#!program")), write(t, "model.gguf", model), out)
	require.NoError(t, err)
	require.Empty(t, p.Warnings)
	file, err := os.ReadFile(out)
	require.NoError(t, err)
	le, tail := binary.LittleEndian, file[len(file)-128:]
	sum := sha256.Sum256(model)
	require.Equal(t, "LLMPACK\x01", string(tail[:8]))
	require.Equal(t, "LLMPACK\x01", string(tail[120:]))
	require.Equal(t, uint32(128), le.Uint32(tail[8:]))
	require.Equal(t, uint64(65536), le.Uint64(tail[16:]))
	require.Equal(t, uint64(len(model)), le.Uint64(tail[24:]))
	require.Equal(t, uint64(len("#!program")), le.Uint64(tail[32:]))
	require.Equal(t, sum[:], tail[40:72])
	require.Equal(t, "model.gguf", string(bytes.TrimRight(tail[72:112], "\x00")))
	require.Equal(t, model, file[65536:65536+len(model)])

	for i := range tail { // whatever byte is wrong, there is an error or, in the reserved word, the same model
		tail[i] ^= 0x41
		b, err := Packed(write(t, "bad", file)).Open()
		if i >= 116 && i < 120 {
			require.NoError(t, err)
			require.NoError(t, b.Close())
		} else {
			require.Error(t, err, i)
		}
		tail[i] ^= 0x41
	}
	padded := append(bytes.Clone(file), make([]byte, 16)...)
	requireModel(t, write(t, "padded", padded), model)
	_, err = Packed(write(t, "padded", append(padded, 0))).Open()
	require.ErrorIs(t, err, errNoTrailer)
	_, err = Packed(write(t, "moved", file[100:])).Open()
	require.ErrorIs(t, err, errBadTrailer)
}

func requireModel(t *testing.T, path string, model []byte) {
	b, err := Packed(path).Open()
	require.NoError(t, err)
	data, err := b.Slice(0, b.Size())
	require.NoError(t, err)
	require.Equal(t, model, data)
	require.NoError(t, b.Close())
}

// windowsProgram is the smallest PE file that debug/pe reads, with room for sections to be absent.
func windowsProgram(t testing.TB) []byte {
	var b bytes.Buffer
	b.WriteString("MZ")
	b.Write(make([]byte, 58))
	header := pe.OptionalHeader64{Magic: 0x20b, NumberOfRvaAndSizes: 16}
	for _, v := range []any{uint32(64), []byte("PE\x00\x00"), pe.FileHeader{Machine: pe.IMAGE_FILE_MACHINE_AMD64, SizeOfOptionalHeader: 240}, header} {
		require.NoError(t, binary.Write(&b, binary.LittleEndian, v))
	}
	return b.Bytes()
}

// sign appends a certificate table as Authenticode does.
func sign(t testing.TB, program []byte) []byte {
	entry, table := securityEntry(bytes.NewReader(program), int64(len(program)))
	require.NotZero(t, entry)
	require.Zero(t, table)
	signed := append(bytes.Clone(program), make([]byte, (8-len(program)%8)%8)...)
	binary.LittleEndian.PutUint32(signed[entry:], uint32(len(signed)))
	binary.LittleEndian.PutUint32(signed[entry+4:], 512)
	return append(signed, bytes.Repeat([]byte{0xce}, 512)...)
}

func TestSignedWindowsProgram(t *testing.T) {
	program, model := windowsProgram(t), []byte("GGUF of windows")
	path, modelPath := write(t, "p.exe", program), write(t, "m.gguf", model)
	out := filepath.Join(t.TempDir(), "out.exe")
	_, err := Pack(path, modelPath, out)
	require.NoError(t, err)
	packed, err := os.ReadFile(out)
	require.NoError(t, err)

	signed := write(t, "signed.exe", sign(t, packed)) // packed, then signed: the table lies behind the trailer
	requireModel(t, signed, model)
	file, err := pe.Open(signed)
	require.NoError(t, err)
	require.Equal(t, uint32(512), file.OptionalHeader.(*pe.OptionalHeader64).DataDirectory[4].Size)
	require.NoError(t, file.Close())

	again := filepath.Join(t.TempDir(), "again.exe") // packed anew: the signature is dropped, from the directory too
	p, err := Pack(signed, write(t, "n.gguf", []byte("GGUF new")), again)
	require.NoError(t, err)
	require.Len(t, p.Warnings, 1)
	requireModel(t, again, []byte("GGUF new"))
	repacked, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, program, repacked[:len(program)])

	p, err = Pack(write(t, "s.exe", sign(t, program)), modelPath, again) // signed, never packed
	require.NoError(t, err)
	require.Len(t, p.Warnings, 1)
	requireModel(t, again, model)
}

func TestPackRefuses(t *testing.T) {
	dir := t.TempDir()
	program, model := write(t, "p", []byte("program")), write(t, "m.gguf", []byte("GGUF"))
	out := filepath.Join(dir, "out")
	for name, args := range map[string][3]string{
		"no program":     {filepath.Join(dir, "none"), model, out},
		"no model":       {program, filepath.Join(dir, "none"), out},
		"directory":      {dir, model, out},
		"not a model":    {program, program, out},
		"split":          {program, write(t, "m-00001-of-00002.gguf", []byte("GGUF")), out},
		"no directory":   {program, model, filepath.Join(dir, "none", "out")},
		"out is a place": {program, model, dir},
	} {
		_, err := Pack(args[0], args[1], args[2])
		require.Error(t, err, name)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)

	large := filepath.Join(dir, "large.gguf") // sparse
	f, err := os.Create(large)
	require.NoError(t, err)
	_, err = f.WriteString("GGUF")
	require.NoError(t, err)
	require.NoError(t, f.Truncate(4<<30))
	require.NoError(t, f.Close())
	_, err = Pack(write(t, "p.exe", windowsProgram(t)), large, out)
	require.ErrorContains(t, err, "4 GiB")
}

func TestMacProgramGetsAWarning(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	p, err := Pack(write(t, "p", []byte("\xcf\xfa\xed\xfe and so on")), write(t, "m.gguf", []byte("GGUF")), out)
	require.NoError(t, err)
	require.Len(t, p.Warnings, 1)
	require.Contains(t, p.Warnings[0], "codesign")
}

func FuzzTrailer(f *testing.F) {
	packed := make([]byte, packAlign, packAlign+200)
	packed = append(packed, "GGUF"...)
	packed = append(packed, (&trailer{modelOffset: packAlign, modelSize: 4, programSize: 7}).encode()...)
	f.Add(packed)
	f.Add(sign(f, windowsProgram(f)))
	f.Add([]byte("MZ"))
	f.Fuzz(func(t *testing.T, data []byte) {
		size := int64(len(data))
		_, table := securityEntry(bytes.NewReader(data), size)
		require.True(t, table >= 0 && table <= size)
		if table == 0 {
			table = size
		}
		if m, err := findTrailer(bytes.NewReader(data), table); err == nil {
			_, err := io.ReadFull(io.NewSectionReader(bytes.NewReader(data), m.modelOffset, m.modelSize), make([]byte, m.modelSize))
			require.NoError(t, err)
		}
	})
}
