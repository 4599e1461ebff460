package config_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/config"
)

var update = flag.Bool("update", false, "write .env.example anew")

const exampleHead = `# Every setting of the server with its default. Copy this file to .env and take
# the # away where you want something else. What the real environment says wins.
# Put a value in 'single quotes' if it holds a blank, a # or a $.
`

// TestEnvExample keeps .env.example equal to what Config says.
func TestEnvExample(t *testing.T) {
	t.Parallel()
	const path = "../../.env.example"
	var want strings.Builder
	want.WriteString(exampleHead)
	for _, s := range config.Settings() {
		fmt.Fprintf(&want, "\n# %s\n#%s=%s\n", s.Help, s.Name, s.Default)
	}
	if *update {
		if err := os.WriteFile(path, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want.String(), read(t, path)); diff != "" {
		t.Errorf("%s (-want +got; go test ./internal/config -update writes it):\n%s", path, diff)
	}
}

// TestREADMEsListEverySetting keeps the tables in the READMEs whole. The help
// of the Spanish one is a translation.
func TestREADMEsListEverySetting(t *testing.T) {
	t.Parallel()
	english, spanish := read(t, "../../README.md"), read(t, "../../README.es.md")
	for _, s := range config.Settings() {
		row := "| " + code(s.Name) + " | " + code(s.Default) + " |"
		if !strings.Contains(english, row+" "+s.Help+" |\n") {
			t.Errorf("README.md lacks this row:\n%s %s |", row, s.Help)
		}
		if !strings.Contains(spanish, row) {
			t.Errorf("README.es.md lacks a row that starts:\n%s", row)
		}
	}
}

func TestSettingsAreWhole(t *testing.T) {
	t.Parallel()
	for _, s := range config.Settings() {
		if s.Name == "" || s.Help == "" || strings.ContainsAny(s.Help, "|\n") {
			t.Errorf("%+v lacks a name or a help that fits a table", s)
		}
	}
}

// code formats a table cell; Markdown has no empty code.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
