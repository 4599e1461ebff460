// Package arch keeps the layers of the program apart and its files short.
package arch

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/datasetgen/datagen/"
)

// layers lists, for the packages under a folder, the imports that they may not
// have, and of those the ones that they may. A name is of a folder of ours, or
// after a slash of a foreign package; * stands for all of ours. Tests may import
// what they like.
//
// The test reads the sources itself rather than ask `go list`:
// the files a test opens count in go test's cache, what a command prints does not.
var layers = []struct {
	folder  string
	denied  []string
	allowed []string
}{
	{folder: "internal", denied: []string{"graph", "rest", "cmd"}},
	{folder: "graph", denied: []string{"rest", "cmd", "/database/sql"}},
	{folder: "rest", denied: []string{"ent", "cmd", "/database/sql"}},
	// What the schema imports cannot import generated code, or nothing could be generated.
	{folder: "ent/schema", denied: []string{"*"}, allowed: []string{"internal/gid", "internal/rawjson"}},
	{folder: ".", denied: []string{"internal/testkit"}},
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, file := range parsed(t, parser.ImportsOnly) {
		if strings.HasSuffix(file.path, "_test.go") {
			continue
		}
		for _, layer := range layers {
			if !within(file.path, layer.folder) {
				continue
			}
			for _, imported := range file.imports() {
				if matches(imported, layer.denied) && !matches(imported, layer.allowed) {
					t.Errorf("%s may not import %s", file.path, imported)
				}
			}
		}
	}
}

// TestNothingReadsBesideTheTree: a clone alone is enough to build and test.
func TestNothingReadsBesideTheTree(t *testing.T) {
	t.Parallel()
	for _, file := range parsed(t, parser.SkipObjectResolution) {
		for _, name := range file.beside() {
			if _, err := os.Stat(filepath.Join(root, name)); err == nil {
				t.Errorf("%s names %s", file.path, name)
			}
		}
	}
}

// TestFilesAreShort counts the lines of what people write.
func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	const most = 500
	for _, file := range parsed(t, parser.ParseComments|parser.PackageClauseOnly) {
		if lines := bytes.Count(file.source, []byte("\n")); lines > most && !ast.IsGenerated(file.syntax) {
			t.Errorf("%s has %d lines, want %d at most", file.path, lines, most)
		}
	}
}

// goFile is a Go file, its path from the root of the tree.
type goFile struct {
	path   string
	source []byte
	syntax *ast.File
}

func parsed(t *testing.T, mode parser.Mode) []goFile {
	t.Helper()
	var files []goFile
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && (entry.Name()[0] == '.' || slices.Contains([]string{"node_modules", "testdata"}, entry.Name())) {
			return fs.SkipDir
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), name, source, mode)
		files = append(files, goFile{name, source, syntax})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("%d Go files under %s: is that the tree?", len(files), root)
	}
	return files
}

func (f goFile) imports() []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value) // the parser has seen to it
		paths = append(paths, imported)
	}
	return paths
}

// beside lists, from the root of the tree, what string literals of the file
// name beside the tree. What lies further up is no checkout's neighbour: tests
// of path traversal name it.
func (f goFile) beside() []string {
	var names []string
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING || !strings.Contains(literal.Value, "..") {
			return true
		}
		text, _ := strconv.Unquote(literal.Value)
		name := path.Join(path.Dir(f.path), text)
		if strings.HasPrefix(text, "../") && strings.HasPrefix(name, "../") && !strings.HasPrefix(name, "../..") {
			names = append(names, name)
		}
		return true
	})
	return names
}

// within tells whether a file lies under folder; testkit is no part of the tree
// that must do without it.
func within(name, folder string) bool {
	if folder == "." {
		return !within(name, "internal/testkit")
	}
	return strings.HasPrefix(name, folder+"/")
}

func matches(imported string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		name := module + pattern
		if foreign, ok := strings.CutPrefix(pattern, "/"); ok {
			name = foreign
		}
		return pattern == "*" && strings.HasPrefix(imported, module) || imported == name || strings.HasPrefix(imported, name+"/")
	})
}
