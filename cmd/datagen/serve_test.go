package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/testkit"
)

var update = flag.Bool("update", false, "write what the README's tour answers into the README")

// output collects what a command writes while others read it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// find waits for what pattern finds in the output, and returns its first group.
func (o *output) find(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for range 6000 { // five minutes: the race detector is slow
		if m := re.FindStringSubmatch(o.String()); m != nil {
			return m[1]
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing like %s in:\n%s", pattern, o)
	return ""
}

// serve runs `datagen serve --demo` in a folder of its own until the test ends, which must be without an error.
func serve(t *testing.T, settings ...string) (out, errs *output) {
	t.Helper()
	dir := t.TempDir()
	environ := append([]string{
		"ADDR=127.0.0.1:0",
		"DATABASE_URL=sqlite:" + filepath.Join(dir, "datagen.db"),
		"STORAGE_URL=file:" + filepath.Join(dir, "objects"),
	}, settings...)
	return start(t, environ, "serve", "--demo")
}

// start runs a command until the test ends, which must be without an error.
func start(t *testing.T, environ []string, arguments ...string) (out, errs *output) {
	t.Helper()
	out, errs = &output{}, &output{}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- newProgram(environ, strings.NewReader(""), out, errs).Run(ctx, append([]string{"datagen"}, arguments...))
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return out, errs
}

// block is a piece of a Markdown file between fences.
type block struct{ language, text string }

var fences = regexp.MustCompile("(?ms)^```(\\w+)$(.*?\n)```$")

// tour cuts a part of the README out: commands, and after each of them what it answers, if that is said.
func tour(t *testing.T, readme, name string) []block {
	t.Helper()
	_, rest, ok := strings.Cut(readme, "<!-- "+name)
	rest, _, end := strings.Cut(rest, "<!-- end of the "+name+" -->")
	if !ok || !end {
		t.Fatalf("the README has no %s", name)
	}
	var blocks []block
	for _, m := range fences.FindAllStringSubmatch(rest, -1) {
		blocks = append(blocks, block{m[1], strings.TrimPrefix(m[2], "\n")})
	}
	return blocks
}

// TestTour runs the tour of each README line by line against a server as `serve --demo` starts it.
func TestTour(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"curl", "bash"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(err)
		}
	}
	for _, readme := range []string{"README.md", "README.es.md"} {
		t.Run(readme, func(t *testing.T) {
			t.Parallel()
			out, errs := serve(t)
			key := out.find(t, `API key +(dg_\S+)`)
			path := filepath.Join("..", "..", readme)
			text := string(testkit.Must(os.ReadFile(path))(t))
			answers := follow(t, tour(t, text, "tour"), errs.find(t, `msg=listening url=(\S+)`), key)
			for _, b := range tour(t, text, "tour") {
				if b.language != "json" {
					continue
				}
				got := answers[0]
				answers = answers[1:]
				if diff := cmp.Diff(b.text, got); diff != "" && !*update {
					t.Errorf("the tour says something else (-said +got):\n%s", diff)
				}
				text = strings.Replace(text, b.text, got, 1)
			}
			if *update {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestLargeFile sends a file as each README says.
func TestLargeFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"curl", "bash"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(err)
		}
	}
	for _, readme := range []string{"README.md", "README.es.md"} {
		t.Run(readme, func(t *testing.T) {
			t.Parallel()
			out, errs := serve(t, "PUBLIC_URL=http://localhost", "MAX_UPLOAD=5MB", "MAX_BODY=5MB")
			key := out.find(t, `API key +(dg_\S+)`)
			url := errs.find(t, `msg=listening url=(\S+)`)
			text := string(testkit.Must(os.ReadFile(filepath.Join("..", "..", readme)))(t))
			// The server is told that clients call it http://localhost, but curl finds it at its port alone.
			here := `"${WHERE/http:\/\/localhost/` + strings.ReplaceAll(url, "/", `\/`) + `}"`
			text = strings.ReplaceAll(text, `"$WHERE"`, here)
			blocks := slices.Concat(
				[]block{{"sh", "TOKEN=dg_...; head -c 40000000 /dev/urandom > boats.zip\n"}},
				tour(t, text, "large file"),
				[]block{{"sh", "echo ${WHERE%/*}\ncurl -sS -I " + here + ` -H "Authorization: Bearer $TOKEN" | grep ^Upload-Offset`}, {"json", ""}},
			)
			want := "http://localhost/uploads\nUpload-Offset: 40000000\n"
			if diff := cmp.Diff([]string{want}, follow(t, blocks, url, key)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// follow runs the commands in one shell and returns what those answered that are followed by an answer.
func follow(t *testing.T, blocks []block, url, key string) []string {
	t.Helper()
	var script strings.Builder
	script.WriteString("set -euo pipefail\n")
	for i, b := range blocks {
		if b.language != "sh" {
			continue
		}
		text := strings.ReplaceAll(b.text, "dg_...", key)
		script.WriteString(strings.ReplaceAll(text, "http://127.0.0.1:8000", url))
		if i+1 < len(blocks) && blocks[i+1].language == "json" {
			script.WriteString("\necho; echo ====\n")
		} else {
			script.WriteString("\n")
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	cmd.Dir = t.TempDir()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, errs.String(), printed)
	}
	var answers []string
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(string(printed)), "===="), "====") {
		answers = append(answers, readable(strings.TrimSpace(part)))
	}
	return answers
}

var (
	opaque = regexp.MustCompile(`"id": "[^"]+"`)
	named  = regexp.MustCompile(`"[0-9a-f-]{36}\.`)
)

// readable lays JSON out, and leaves out what differs from run to run.
func readable(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text + "\n"
	}
	text = opaque.ReplaceAllString(b.String(), `"id": "…"`)
	return named.ReplaceAllString(text, `"….`) + "\n"
}
