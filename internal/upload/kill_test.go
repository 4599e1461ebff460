package upload_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/config"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/upload"
	"github.com/datasetgen/datagen/internal/web"
)

// What the process to be killed is told by its parent.
const (
	killDatabase = "UPLOAD_TEST_DATABASE"
	killFolder   = "UPLOAD_TEST_FOLDER"
	killUser     = "UPLOAD_TEST_USER"
)

// TestMain is also the process that TestKill kills.
func TestMain(m *testing.M) {
	if os.Getenv(killDatabase) == "" {
		os.Exit(m.Run())
	}
	if err := serveUntilKilled(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveUntilKilled(ctx context.Context) error {
	db, err := database.Open(ctx, config.DatabaseURL(os.Getenv(killDatabase)))
	if err != nil {
		return err
	}
	store, err := storage.Open(ctx, url.URL{Scheme: "file", Path: os.Getenv(killFolder)})
	if err != nil {
		return err
	}
	who, err := strconv.Atoi(os.Getenv(killUser))
	if err != nil {
		return err
	}
	service := upload.New(upload.Options{DB: db, Store: store, MaxLength: maxLength})
	service.SetPartLength(partLength)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + listener.Addr().String() + upload.Path + "/")
	asUser := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service.ServeHTTP(w, r.WithContext(access.WithViewer(r.Context(), access.Viewer{UserID: gid.UserID(who), Superuser: true})))
	})
	return web.NewServer(asUser, nil, slog.New(slog.DiscardHandler)).Serve(ctx, listener)
}

// process is a server in a process of its own.
type process struct {
	*exec.Cmd
	url string
}

func (w *world) spawn(t *testing.T, db config.DatabaseURL) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.Env = append(os.Environ(), killDatabase+"="+string(db), killFolder+"="+w.folder, fmt.Sprint(killUser, "=", int(w.Users["owner"].ID)))
	p.Stderr = os.Stderr
	out := testkit.Must(p.StdoutPipe())(t)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	p.url = strings.TrimSpace(testkit.Must(bufio.NewReader(out).ReadString('\n'))(t))
	return p
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	_ = p.Process.Kill() // it may have ended
	_ = p.Wait()
}

// TestKill kills the process again and again while bytes come, and has another go on: what was said to be there is there.
func TestKill(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) config.DatabaseURL{"sqlite": testkit.SQLiteURL, "postgres": testkit.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := open(t)
			db := testkit.Must(database.Open(t.Context(), address))(t)
			t.Cleanup(func() { db.Close() })
			w := newWorld(t, db)
			content := random(100_000, 1)
			p := w.spawn(t, address)
			where := id(create(t, p.url, len(content)))
			told, kills := 0, 0
			for told < len(content) {
				offset := head(t, p.url+where).offset(t)
				if offset < told {
					t.Fatalf("%d bytes are there, after %d were acknowledged", offset, told)
				}
				timer := time.AfterFunc(50*time.Millisecond, func() { _ = p.Process.Kill() }) // it runs
				r, err := patch(t, p.url+where, offset, &slowly{content: content[offset:]})
				switch {
				case timer.Stop() && err == nil:
					told = r.offset(t)
				default:
					p.kill()
					told, kills = offset, kills+1
					p = w.spawn(t, address)
				}
			}
			if !bytes.Equal(w.stored(t, p.url+where), content) {
				t.Error("other bytes are stored")
			}
			if kills == 0 {
				t.Error("nothing was killed")
			}
			t.Logf("killed %d times", kills)
		})
	}
}

// slowly is content that takes longer than a process lives.
type slowly struct{ content []byte }

func (s *slowly) Read(p []byte) (int, error) {
	if len(s.content) == 0 {
		return 0, io.EOF
	}
	time.Sleep(time.Millisecond)
	n := copy(p[:min(len(p), 3000)], s.content)
	s.content = s.content[n:]
	return n, nil
}
