package upload_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/datasetgen/datagen/internal/testkit"
)

// TestClient has tus-js-client send a file over connections of which the first are cut. It needs npm and the packages that
// the client names; DATAGEN_TEST_NODE=1 asks for it.
func TestClient(t *testing.T) {
	if os.Getenv("DATAGEN_TEST_NODE") == "" {
		t.Skip("DATAGEN_TEST_NODE is not set")
	}
	w := newWorld(t, testkit.SQLite(t))
	w.service.SetPartLength(1 << 20)
	content := random(20_000_000, 1)
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("testdata/client")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "boats.zip")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	server := testkit.Must(url.Parse(w.url))(t)
	proxy, cuts := cutter(t, server.Host)
	var out []byte
	for _, args := range [][]string{{"ci"}, {"run", "--silent", "start"}} {
		npm := exec.CommandContext(t.Context(), "npm", args...)
		npm.Dir = folder
		npm.Env = append(os.Environ(), "SERVER=http://"+proxy+server.Path, "FILE="+file)
		npm.Stderr = os.Stderr
		out = testkit.Must(npm.Output())(t)
	}
	if !bytes.Equal(w.stored(t, strings.TrimSpace(string(out))), content) {
		t.Error("other bytes are stored")
	}
	if cuts.Load() == 0 {
		t.Error("no connection was cut")
	}
	if n := w.DB.Upload.Query().CountX(system(t)); n != 1 {
		t.Errorf("there are %d uploads", n)
	}
}

// cutter passes connections on, and cuts the first that send more than 5 MB.
func cutter(t *testing.T, to string) (address string, cuts *atomic.Int64) {
	t.Helper()
	const most, times = 5_000_000, 3
	listener := testkit.Must(new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"))(t)
	t.Cleanup(func() { listener.Close() })
	cuts = new(atomic.Int64)
	pass := func(client net.Conn) {
		defer client.Close()
		server, err := new(net.Dialer).DialContext(t.Context(), "tcp", to)
		if err != nil {
			return
		}
		defer server.Close()
		go func() { _, _ = io.Copy(client, server) }() // ends with either connection
		if _, err := io.CopyN(server, client, most); err != nil || cuts.Add(1) <= times {
			return
		}
		_, _ = io.Copy(server, client) // likewise
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go pass(client)
		}
	}()
	return listener.Addr().String(), cuts
}
