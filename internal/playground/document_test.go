package playground_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/datasetgen/datagen/internal/playground"
)

// TestExamples asserts what makes an example a good tab. Whether it is valid
// against the schema is the schema's test.
func TestExamples(t *testing.T) {
	t.Parallel()
	examples, err := playground.Examples()
	if err != nil {
		t.Fatal(err)
	}
	// GraphiQL names a tab after the first thing outside a comment that looks like an operation.
	tabTitle := regexp.MustCompile(`(?m)^(?:[^#\n].*)?(?:query|subscription|mutation)\s+(\w+)`)
	for i, example := range examples {
		if want := fmt.Sprintf("%d-", i+1); !strings.HasPrefix(example.Name, want) {
			t.Errorf("%s: the name of example %d begins with %s", example.Name, i+1, want)
		}
		document, err := parser.ParseQuery(&ast.Source{Name: example.Name, Input: example.Text})
		if err != nil {
			t.Errorf("%s: %v", example.Name, err)
			continue
		}
		if len(document.Operations) != 1 || document.Operations[0].Name == "" {
			t.Errorf("%s: want one operation, with a name for its tab", example.Name)
		}
		if title := tabTitle.FindStringSubmatch(example.Text); len(title) < 2 || title[1] != document.Operations[0].Name {
			t.Errorf("%s: its tab would be called %q", example.Name, title)
		}
		for line := range strings.Lines(example.Text) {
			if strings.HasPrefix(line, "#") && len(line) > 56 {
				t.Errorf("%s: wider than the editor: %s", example.Name, line)
			}
		}
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	operations, err := playground.Operations()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, operation := range operations {
		names = append(names, operation.Name)
		if _, err := parser.ParseQuery(&ast.Source{Name: operation.Name, Input: operation.Text}); err != nil {
			t.Errorf("%s: %v", operation.Name, err)
		}
	}
	if want := []string{"refresh", "sign-in", "sign-out"}; !slices.Equal(names, want) {
		t.Errorf("operations = %v, want %v", names, want)
	}
}

// TestAssetsAreFresh fails when web has changed and assets were not built
// again: the build writes the same digest of the same files.
func TestAssetsAreFresh(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("web/src/*")
	if err != nil {
		t.Fatal(err)
	}
	sources = append(sources, "web/build.mjs", "web/package-lock.json", "web/package.json")
	slices.Sort(sources)
	hash := sha256.New()
	for _, file := range sources {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		hash.Write([]byte(strings.TrimPrefix(filepath.ToSlash(file), "web/") + "\x00" + string(content) + "\x00"))
	}
	want, err := os.ReadFile("assets/SOURCES.sha256")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x\n", hash.Sum(nil)); got != string(want) {
		t.Errorf("web has changed since assets were built: in internal/playground/web run npm ci && npm run build")
	}
}

// TestLockNamesNoAddresses keeps package-lock.json free of download addresses,
// so that npm takes every package from the registry it is set up with and
// checks it against the lock's digest.
func TestLockNamesNoAddresses(t *testing.T) {
	t.Parallel()
	lock, err := os.ReadFile("web/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`"resolved".*|"version": "[^0-9].*`).Find(lock); found != nil {
		t.Errorf("package-lock.json holds %s", found)
	}
}
