package llm_test

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"llm"
)

// tiny is the checkpoint for tests: see testdata/README.md.
const tiny = "testdata/smolmoe-tiny-Q8_0.gguf"

// goCommand runs the go command in the repository root, for the platform that env names.
func goCommand(t *testing.T, env []string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command here")
	}
	c := exec.Command("go", args...)
	c.Env = append(os.Environ(), env...)
	var problems bytes.Buffer
	c.Stderr = &problems
	out, err := c.Output()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), problems.String())
	return string(out)
}

// TestDependencies pins what a program that imports llm is made of: the standard library without what listens, starts
// processes or needs a C compiler, and these modules.
func TestDependencies(t *testing.T) {
	allowed := []string{"llm/asm", "llm/internal", "llm/quant", "github.com/google/jsonschema-go", "github.com/x448/float16", "golang.org/x/sys", "golang.org/x/text"}
	for _, system := range []string{"linux", "darwin", "windows"} {
		forbidden := []string{"net", "net/http", "net/rpc", "os/exec", "os/user", "plugin", "runtime/cgo", "expvar"}
		if system == "windows" {
			forbidden = forbidden[1:] // golang.org/x/sys/windows imports it
		}
		for _, cgo := range []string{"0", "1"} {
			out := goCommand(t, []string{"GOOS=" + system, "CGO_ENABLED=" + cgo}, "list", "-deps", "-f", "{{.Standard}} {{.ImportPath}}", ".")
			for line := range strings.Lines(out) {
				standard, path, _ := strings.Cut(strings.TrimSpace(line), " ")
				if standard == "true" {
					require.NotContains(t, forbidden, path, "llm on %s", system)
				} else if path != "llm" {
					require.True(t, slices.ContainsFunc(allowed, func(a string) bool { return path == a || strings.HasPrefix(path, a+"/") }),
						"llm on %s imports %s", system, path)
				}
			}
		}
	}
}

// TestStaticallyLinked: a CPU program needs no dynamic loader and no library, so it starts in an empty container.
func TestStaticallyLinked(t *testing.T) {
	programs := []string{"./cmd/llm"}
	if !testing.Short() {
		programs = append(programs, "./examples/chat") // 130 MB
	}
	for _, p := range programs {
		for _, arch := range []string{"amd64", "arm64"} {
			file := filepath.Join(t.TempDir(), "program")
			goCommand(t, []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + arch}, "build", "-o", file, p)
			f, err := elf.Open(file)
			require.NoError(t, err)
			defer f.Close()
			for _, s := range f.Progs {
				require.NotEqual(t, elf.PT_INTERP, s.Type, "%s on %s has a dynamic loader", p, arch)
			}
			libraries, err := f.ImportedLibraries()
			require.NoError(t, err)
			require.Empty(t, libraries, "%s on %s", p, arch)
		}
	}
}

// corePackages are the directories of what a program that imports llm is made of.
func corePackages(t *testing.T) []string {
	t.Helper()
	dirs := []string{".", "asm", "quant"}
	internal, err := filepath.Glob("internal/*")
	require.NoError(t, err)
	for _, d := range internal {
		if files, _ := filepath.Glob(filepath.Join(d, "*.go")); len(files) > 0 {
			dirs = append(dirs, d)
		}
	}
	return dirs
}

// parsePackage parses the files of a package for all platforms, without its tests.
func parsePackage(t *testing.T, dir string) (*token.FileSet, []*ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var files []*ast.File
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, n, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, f)
	}
	return fset, files
}

// TestNoGlobals: threads, caches and limits belong to a Model. Variables of packages are tables and errors: they are
// assigned where they are declared or in an init function, and none is made to change.
func TestNoGlobals(t *testing.T) {
	for _, dir := range corePackages(t) {
		fset, files := parsePackage(t, dir)
		info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
		// Imports are not followed: names of this package are found without them, and that is all that is asked.
		c := types.Config{Error: func(error) {}, Importer: nothing{}, FakeImportC: true}
		p, _ := c.Check(dir, fset, files, info)
		global := func(x ast.Expr) string { return packageVariable(x, p, info) }
		for _, f := range files {
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Recv == nil && d.Name.Name == "init" || d.Body == nil {
						continue
					}
					ast.Inspect(d.Body, func(n ast.Node) bool {
						for _, x := range assigned(n) {
							require.Empty(t, global(x), "%s: a variable of the package is assigned", fset.Position(n.Pos()))
						}
						return true
					})
				case *ast.GenDecl:
					if d.Tok == token.VAR {
						require.Empty(t, mutableKind(d), "%s: a variable of the package that is made to change", fset.Position(d.Pos()))
					}
				}
			}
		}
	}
}

type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, filepath.Base(path))
	p.MarkComplete()
	return p, nil
}

// assigned returns what a statement assigns to.
func assigned(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "delete" || f.Name == "clear" || f.Name == "copy") && len(n.Args) > 0 {
			return n.Args[:1]
		}
	}
	return nil
}

// packageVariable returns the name of the package-level variable that x is or is a part of, "" if it is none.
func packageVariable(x ast.Expr, p *types.Package, info *types.Info) string {
	for {
		switch e := x.(type) {
		case *ast.ParenExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.SliceExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.SelectorExpr:
			if id, ok := e.X.(*ast.Ident); ok {
				if _, imported := info.Uses[id].(*types.PkgName); imported {
					return id.Name + "." + e.Sel.Name
				}
			}
			x = e.X
		case *ast.Ident:
			if v, ok := info.Uses[e].(*types.Var); ok && p != nil && v.Parent() == p.Scope() {
				return v.Name()
			}
			return ""
		default:
			return ""
		}
	}
}

// mutableKind names what in a declaration of variables has no other use than to change: locks, counters, pools, channels.
// sync.OnceValue is a table that is made when it is first needed.
func mutableKind(d *ast.GenDecl) (found string) {
	for _, s := range d.Specs {
		ast.Inspect(s, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.ChanType:
				found = cmp.Or(found, "a channel")
			case *ast.SelectorExpr:
				if id, ok := n.X.(*ast.Ident); ok && (id.Name == "atomic" || id.Name == "sync" && n.Sel.Name != "OnceValue") {
					found = cmp.Or(found, id.Name+"."+n.Sel.Name)
				}
			}
			return true
		})
	}
	return found
}

// TestExportedNamesAreDocumented: every exported name has a doc comment, of its own or of its group.
func TestExportedNamesAreDocumented(t *testing.T) {
	for _, dir := range corePackages(t) {
		fset, files := parsePackage(t, dir)
		grouped := groupedNames(files)
		p, err := doc.NewFromFiles(fset, files, "llm/"+filepath.ToSlash(dir), doc.PreserveAST)
		require.NoError(t, err)
		if dir == "." {
			require.NotEmpty(t, p.Doc)
		}
		check := func(name, text string) {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s has no doc comment", dir, name)
			}
		}
		functions := func(receiver string, list []*doc.Func) {
			for _, f := range list {
				check(receiver+f.Name, f.Doc)
			}
		}
		functions("", p.Funcs)
		for _, ty := range p.Types {
			if !grouped[ty.Name] {
				check(ty.Name, ty.Doc)
			}
			functions("", ty.Funcs)
			functions(ty.Name+".", slices.DeleteFunc(slices.Clone(ty.Methods), func(f *doc.Func) bool { return standardMethods[f.Name] }))
		}
		for _, f := range files {
			for _, d := range f.Decls {
				if g, ok := d.(*ast.GenDecl); ok && (g.Tok == token.CONST || g.Tok == token.VAR) {
					for _, s := range g.Specs {
						v := s.(*ast.ValueSpec)
						for _, n := range v.Names {
							if n.IsExported() {
								check(n.Name, g.Doc.Text()+v.Doc.Text()+v.Comment.Text())
							}
						}
					}
				}
			}
		}
	}
}

// standardMethods mean the same on every type.
var standardMethods = map[string]bool{"Error": true, "String": true, "Unwrap": true, "Is": true, "MarshalJSON": true, "UnmarshalJSON": true}

// groupedNames are types with a comment of their own inside a group, which go/doc leaves to the group.
func groupedNames(files []*ast.File) map[string]bool {
	names := map[string]bool{}
	for _, f := range files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				for _, s := range g.Specs {
					if s := s.(*ast.TypeSpec); s.Doc.Text()+s.Comment.Text() != "" {
						names[s.Name.Name] = true
					}
				}
			}
		}
	}
	return names
}

// TestTwoModels: what one Model is told to do, or that it is closed, is nothing to another.
func TestTwoModels(t *testing.T) {
	ctx := context.Background()
	open := func(threads int, kv string) *llm.Model {
		m, err := llm.Open(ctx, llm.File(tiny), llm.WithThreads(threads), llm.WithKVType(kv))
		require.NoError(t, err)
		t.Cleanup(func() { m.Close() })
		return m
	}
	generate := func(m *llm.Model) []llm.Token {
		r, err := m.Generate(ctx, "Once upon a time", llm.Params{MaxTokens: 24, Sampling: &llm.Sampling{Temperature: 1, Seed: 7}}).Result()
		require.NoError(t, err)
		return r.Tokens
	}
	one, other := open(1, "f32"), open(2, "f16")
	alone := map[*llm.Model][]llm.Token{one: generate(one), other: generate(other)}
	var wg sync.WaitGroup
	for m, want := range alone {
		for range 3 {
			wg.Go(func() {
				if got := generate(m); !slices.Equal(want, got) {
					t.Errorf("alone %v, beside the other %v", want, got)
				}
			})
		}
	}
	wg.Wait()
	require.NoError(t, one.Close())
	require.Equal(t, alone[other], generate(other))
	_, err := one.Generate(ctx, "Once", llm.Params{}).Result()
	require.ErrorIs(t, err, llm.ErrClosed)
	require.Equal(t, 2, other.Stats().Threads)
}

// TestReadmeProgram: the program of the README is a whole one.
func TestReadmeProgram(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "```go\n")
	require.True(t, found)
	program, _, _ := strings.Cut(rest, "```")
	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte(program), 0o644))
	goCommand(t, nil, "vet", file)
}
