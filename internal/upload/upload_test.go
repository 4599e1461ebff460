package upload_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/datasetgen/datagen/ent/upload"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/testkit"
)

// TestUpload sends a file in pieces, uses it and lets go of it.
func TestUpload(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		content := random(5500, 1)
		made := must(t, http.StatusCreated)(send(t, http.MethodPost, w.url, nil, "Upload-Length: 5500", named("boats.zip")))
		where := made.header.Get("Location")
		if !strings.HasPrefix(where, w.url) || len(id(where)) != 64 {
			t.Fatalf("it is at %s", where)
		}
		expires, err := time.Parse(http.TimeFormat, made.header.Get("Upload-Expires"))
		if left := time.Until(expires); err != nil || left < 23*time.Hour || left > 25*time.Hour {
			t.Errorf("it expires in %v, %v", left, err)
		}
		for _, piece := range [][2]int{{0, 1}, {1, 1}, {1, 2500}, {2500, 5500}} {
			if got := head(t, where).offset(t); got != piece[0] {
				t.Errorf("%d bytes are there, want %d", got, piece[0])
			}
			got := must(t, http.StatusNoContent)(patch(t, where, piece[0], bytes.NewReader(content[piece[0]:piece[1]])))
			if got.offset(t) != piece[1] || got.header.Get("Upload-Expires") != made.header.Get("Upload-Expires") {
				t.Errorf("%v, want an offset of %d and the expiry", got.header, piece[1])
			}
		}
		is := head(t, where).header
		if got := fmt.Sprint(is["Upload-Length"], is["Upload-Offset"], is["Cache-Control"]); got != "[5500] [5500] [no-store]" {
			t.Error(got)
		}

		if !bytes.Equal(w.stored(t, where), content) {
			t.Error("other bytes are stored")
		}
		_, size, _, err := w.service.Open(w.As(t.Context(), "owner"), id(where), int64(len(content))-1)
		if size != int64(len(content)) || !errors.Is(err, fault.TooLarge) {
			t.Errorf("one that is too large: %d bytes, %v", size, err)
		}
		r, _, name, err := w.service.Open(w.As(t.Context(), "owner"), id(where), 1<<40)
		if err != nil || name != "boats.zip" {
			t.Fatalf("%q, %v", name, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := w.service.Delete(w.As(t.Context(), "owner"), id(where)); err != nil {
			t.Error(err)
		}
		if n := w.parts(t); n > 0 {
			t.Errorf("%d parts are left", n)
		}
		must(t, http.StatusNotFound)(send(t, http.MethodHead, where, nil))
	})
}

func TestCreationWithUpload(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		content := random(2500, 1)
		got := must(t, http.StatusCreated)(send(t, http.MethodPost, w.url, bytes.NewReader(content[:1200]),
			"Upload-Length: 2500", "Content-Type: application/offset+octet-stream"))
		if got.offset(t) != 1200 {
			t.Errorf("%d bytes are there", got.offset(t))
		}
		finish(t, got.header.Get("Location"), content)
		if !bytes.Equal(w.stored(t, got.header.Get("Location")), content) {
			t.Error("other bytes are stored")
		}
	})
}

func TestEmpty(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		if got := w.stored(t, create(t, w.url, 0)); len(got) > 0 {
			t.Errorf("%d bytes", len(got))
		}
		if err := w.service.Sweep(t.Context()); err != nil { // of a store that has never had a part
			t.Error(err)
		}
	})
}

// TestRefusals: what is refused changes nothing of an upload of 10 bytes, 5 of which are there.
func TestRefusals(t *testing.T) {
	const stream = "Content-Type: application/offset+octet-stream"
	type refusal struct {
		method  string
		below   string // what stands after the URL of all uploads; of this one when empty
		body    string
		headers []string
		want    int
	}
	onBoth(t, func(t *testing.T, w *world) {
		where := create(t, w.url, 10)
		must(t, http.StatusNoContent)(patch(t, where, 0, strings.NewReader("01234")))
		for name, tt := range map[string]refusal{
			"offset behind":         {"PATCH", "", "x", []string{stream, "Upload-Offset: 4"}, 409},
			"offset ahead":          {"PATCH", "", "x", []string{stream, "Upload-Offset: 6"}, 409},
			"no offset":             {"PATCH", "", "x", []string{stream}, 400},
			"a negative offset":     {"PATCH", "", "x", []string{stream, "Upload-Offset: -1"}, 400},
			"beyond the length":     {"PATCH", "", "567890", []string{stream, "Upload-Offset: 5"}, 413},
			"another type":          {"PATCH", "", "x", []string{"Content-Type: text/plain", "Upload-Offset: 5"}, 400},
			"another version":       {"PATCH", "", "x", []string{stream, "Upload-Offset: 5", "Tus-Resumable: 0.2.2"}, 412},
			"somebody else's":       {"PATCH", "", "x", []string{stream, "Upload-Offset: 5", "Actor: admin"}, 404},
			"a superuser's":         {"PATCH", "", "x", []string{stream, "Upload-Offset: 5", "Actor: superuser"}, 404},
			"nobody's":              {"PATCH", "", "x", []string{stream, "Upload-Offset: 5", "Actor: anonymous"}, 401},
			"a key that reads":      {"PATCH", "", "x", []string{stream, "Upload-Offset: 5", "Actor: read-only owner"}, 403},
			"a look by another":     {"HEAD", "", "", []string{"Actor: manager"}, 404},
			"a look by nobody":      {"HEAD", "", "", []string{"Actor: anonymous"}, 401},
			"deleted by another":    {"DELETE", "", "", []string{"Actor: other workspace"}, 404},
			"deleted by a reader":   {"DELETE", "", "", []string{"Actor: read-only owner"}, 403},
			"a download":            {"GET", "", "", nil, 405},
			"nowhere":               {"PATCH", strings.Repeat("0", 64), "x", []string{stream, "Upload-Offset: 0"}, 404},
			"a path":                {"HEAD", "..%2f..%2fetc%2fpasswd", "", nil, 404},
			"a list":                {"GET", "/", "", nil, 405},
			"made too long":         {"POST", "/", "", []string{fmt.Sprint("Upload-Length: ", maxLength+1)}, 413},
			"made of no length":     {"POST", "/", "", nil, 400},
			"made of less":          {"POST", "/", "", []string{"Upload-Length: -1"}, 400},
			"made of a later one":   {"POST", "/", "", []string{"Upload-Defer-Length: 1"}, 501},
			"made by nobody":        {"POST", "/", "", []string{"Upload-Length: 1", "Actor: anonymous"}, 401},
			"made by a reader":      {"POST", "/", "", []string{"Upload-Length: 1", "Actor: read-only owner"}, 403},
			"made of other uploads": {"POST", "/", "", []string{"Upload-Concat: final;/uploads/a /uploads/b"}, 400},
		} {
			t.Run(name, func(t *testing.T) {
				url := where
				if tt.below != "" {
					url = w.url + strings.TrimPrefix(tt.below, "/")
				}
				must(t, tt.want)(send(t, tt.method, url, strings.NewReader(tt.body), tt.headers...))
			})
		}
		if got := head(t, where).offset(t); got != 5 {
			t.Errorf("%d bytes are there", got)
		}
		if n := w.DB.Upload.Query().CountX(system(t)); n != 1 {
			t.Errorf("there are %d uploads", n)
		}
	})
}

func TestOptions(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		got := must(t, http.StatusNoContent)(send(t, http.MethodOptions, w.url, nil, "Actor: anonymous")).header
		want := "creation,creation-with-upload,expiration,termination of 1.0.0, at most 104857600"
		if says := fmt.Sprintf("%s of %s, at most %s", got.Get("Tus-Extension"), got.Get("Tus-Version"), got.Get("Tus-Max-Size")); says != want {
			t.Error(says)
		}
	})
}

// TestTooMany: a user has 20 uploads at a time, and others have theirs.
func TestTooMany(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var last string
		for range 20 {
			last = create(t, w.url, 1)
		}
		got := must(t, http.StatusForbidden)(send(t, http.MethodPost, w.url, nil, "Upload-Length: 1"))
		if want := "QUOTA_EXCEEDED: quota exceeded: 20 uploads are under way or unused; use or delete one first\n"; got.body != want {
			t.Errorf("%q, want %q", got.body, want)
		}
		create(t, w.url, 1, "Actor: manager")
		must(t, http.StatusNoContent)(send(t, http.MethodDelete, last, nil))
		create(t, w.url, 1)
	})
}

// TestQuota: what uploads of a workspace will have counts with its image files, until they are used, deleted or expire.
func TestQuota(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.limit(t, 100)
		first, second := create(t, w.url, 60), create(t, w.url, 10)
		got := must(t, http.StatusForbidden)(send(t, http.MethodPost, w.url, nil, "Upload-Length: 31", "Actor: manager"))
		if want := "QUOTA_EXCEEDED: quota exceeded: the workspace may hold 100 bytes of image files and uploads; it holds 70, and 31 more were to be added\n"; got.body != want {
			t.Errorf("%q, want %q", got.body, want)
		}
		create(t, w.url, 1000, "Actor: other workspace")
		third := create(t, w.url, 30, "Actor: manager")

		must(t, http.StatusNoContent)(send(t, http.MethodDelete, first, nil))
		create(t, w.url, 60)
		finish(t, second, []byte("0123456789"))
		must(t, http.StatusForbidden)(send(t, http.MethodPost, w.url, nil, "Upload-Length: 10"))
		if err := w.service.Delete(w.As(t.Context(), "owner"), id(second)); err != nil { // as who has used it does
			t.Error(err)
		}
		create(t, w.url, 10)
		w.DB.Upload.UpdateOneID(id(third)).SetExpiresAt(time.Now()).ExecX(system(t))
		create(t, w.url, 20)
		w.DB.DatasetCount.Create().SetDataset(w.Dataset).SetImages(1).SetBytes(10).ExecX(system(t))
		must(t, http.StatusForbidden)(send(t, http.MethodPost, w.url, nil, "Upload-Length: 1"))
	})
}

// TestQuotaOfMany: however many people begin uploads at once, there is room for so many.
func TestQuotaOfMany(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.limit(t, 100)
		var begun atomic.Int32
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				r, err := send(t, http.MethodPost, w.url, nil, "Upload-Length: 30", "Actor: "+[]string{"owner", "manager", "admin"}[i%3])
				if err != nil {
					t.Error(err)
				}
				if r.status == http.StatusCreated {
					begun.Add(1)
				}
			})
		}
		all.Wait()
		if n := begun.Load(); n != 3 {
			t.Errorf("%d uploads were begun, want 3", n)
		}
	})
}

// limit has the workspace hold that many bytes at most.
func (w *world) limit(t *testing.T, bytes int64) {
	t.Helper()
	w.DB.Workspace.UpdateOne(w.Workspace).SetMaxBytes(bytes).ExecX(system(t))
}

// TestTooManyPieces: an upload that comes in crumbs ends.
func TestTooManyPieces(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		where := create(t, w.url, 10)
		w.DB.Upload.UpdateOneID(id(where)).SetParts(make([]int64, 9999)).ExecX(system(t))
		must(t, http.StatusNoContent)(patch(t, where, 0, strings.NewReader("0")))
		got := must(t, http.StatusBadRequest)(patch(t, where, 1, strings.NewReader("1")))
		if !strings.Contains(got.body, "10000 pieces") {
			t.Error(got.body)
		}
	})
}

// TestOpen: only what is finished, and one's own, can be used.
func TestOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		half, whole, expired := create(t, w.url, 10), create(t, w.url, 10), create(t, w.url, 10)
		must(t, http.StatusNoContent)(patch(t, half, 0, strings.NewReader("01234")))
		for _, where := range []string{whole, expired} {
			finish(t, where, []byte("0123456789"))
		}
		w.DB.Upload.UpdateOneID(id(expired)).SetExpiresAt(time.Now()).ExecX(system(t))
		for name, tt := range map[string]struct {
			actor, url string
			err        error
		}{
			"whole":          {"owner", whole, nil},
			"half":           {"owner", half, fault.NotFound},
			"expired":        {"owner", expired, fault.NotFound},
			"another's":      {"admin", whole, fault.NotFound},
			"of a workspace": {"other workspace", whole, fault.NotFound},
			"a superuser's":  {"superuser", whole, fault.NotFound},
			"nobody's":       {"anonymous", whole, fault.Unauthenticated},
			"none":           {"owner", "x", fault.NotFound},
		} {
			r, _, _, err := w.service.Open(w.As(t.Context(), tt.actor), id(tt.url), 1<<40)
			if !errors.Is(err, tt.err) {
				t.Errorf("%s: %v", name, err)
			}
			if err == nil {
				r.Close()
			}
			if err := w.service.Delete(w.As(t.Context(), tt.actor), "x"+id(tt.url)); err == nil {
				t.Errorf("%s: something was deleted", name)
			}
		}
	})
}

// TestPartsAreChecked: bytes that are lost, or others, in the store are an error and no file.
func TestPartsAreChecked(t *testing.T) {
	for name, harm := range map[string]func(file string) error{
		"gone":    os.Remove,
		"shorter": func(file string) error { return os.Truncate(file, 3) },
		"longer":  func(file string) error { return os.Truncate(file, 3000) },
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				where := create(t, w.url, 2500)
				finish(t, where, random(2500, 1))
				files := testkit.Must(filepath.Glob(filepath.Join(w.folder, "uploads", "*", "*", id(where), "1")))(t)
				if len(files) != 1 {
					t.Fatalf("the second part is at %v", files)
				}
				if err := harm(files[0]); err != nil {
					t.Fatal(err)
				}
				_, _, _, err := w.service.Open(w.As(t.Context(), "owner"), id(where), 1<<40)
				if err == nil {
					t.Error("it opens")
				}
			})
		})
	}
}

// TestExpiry: what has expired is nowhere to be found, and the sweep deletes it, and what processes that died left.
func TestExpiry(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		content := random(2500, 1)
		live, expired := create(t, w.url, 2500), create(t, w.url, 2500)
		finish(t, live, content)
		must(t, http.StatusNoContent)(patch(t, expired, 0, bytes.NewReader(content[:1500])))
		w.DB.Upload.UpdateOneID(id(expired)).SetExpiresAt(time.Now()).ExecX(system(t))
		must(t, http.StatusNotFound)(send(t, http.MethodHead, expired, nil))
		must(t, http.StatusNotFound)(patch(t, expired, 1500, bytes.NewReader(content[1500:])))

		for name, age := range map[string]time.Duration{"ab": 26 * time.Hour, "cd": 24 * time.Hour} {
			folder := filepath.Join(w.folder, "uploads", name, name, strings.Repeat(name, 32))
			if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(folder+"/7", []byte("x"), 0o600)); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(folder+"/7", time.Time{}, time.Now().Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.service.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.DB.Upload.Query().Where(upload.ID(id(live))).CountX(system(t)); n != 1 || w.DB.Upload.Query().CountX(system(t)) != 1 {
			t.Errorf("the live upload is there %d times", n)
		}
		if n := w.parts(t); n != 3+1 {
			t.Errorf("%d parts are left, want those of the live upload and one that is too young", n)
		}
		if !bytes.Equal(w.stored(t, live), content) {
			t.Error("other bytes are stored")
		}
	})
}

func TestNames(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for metadata, want := range map[string]string{
			named("a.zip"):                           "a.zip",
			named("mañana/ö.zip"):                    "mañana/ö.zip",
			named("a\x00b\xffc"):                     "abc",
			named(strings.Repeat("ñ", 600)):          strings.Repeat("ñ", 500),
			"Upload-Metadata: name YS56aXA=":         "a.zip",
			"Upload-Metadata: filename not+base64!!": "",
			"Upload-Metadata: ,,,":                   "",
		} {
			where := create(t, w.url, 0, metadata)
			r, _, name, err := w.service.Open(w.As(t.Context(), "owner"), id(where), 1<<40)
			if err != nil || name != want {
				t.Errorf("%q, %v; want %q", name, err, want)
				continue
			}
			if _, err := io.ReadAll(r); err != nil {
				t.Error(err)
			}
			r.Close()
		}
	})
}
