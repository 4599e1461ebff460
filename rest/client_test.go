package rest_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
)

// TestTypedClient makes a client in TypeScript from the document, compiles it, and has it work on a server. It needs
// npm and the packages that the client names; DATAGEN_TEST_NODE=1 asks for it.
func TestTypedClient(t *testing.T) {
	if os.Getenv("DATAGEN_TEST_NODE") == "" {
		t.Skip("DATAGEN_TEST_NODE is not set")
	}
	s := newServer(t, databases["sqlite"])
	r := &replay{server: s, ids: map[string]string{}}
	r.people(t)
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("testdata/client")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"ci"}, {"run", "try"}} {
		npm := exec.CommandContext(t.Context(), "npm", args...)
		npm.Dir = folder
		npm.Env = append(os.Environ(), "SERVER="+server.URL, "EMAIL=ana@example.com", "PASSWORD=s3cret-pass")
		out, err := npm.CombinedOutput()
		t.Logf("npm %v:\n%s", args, out)
		if err != nil {
			t.Fatal(err)
		}
	}
}
