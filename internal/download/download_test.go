package download_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/download"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// world has pictures in a store, and a service that exports them.
type world struct {
	*testkit.World
	store   storage.Store
	service *download.Service
	handler http.Handler
}

func newWorld(t *testing.T, of *testkit.World) *world {
	t.Helper()
	w := &world{World: of, store: storage.NewMemory()}
	for i, img := range w.Images {
		content := strings.Repeat(strconv.Itoa(i), 10_000)
		sum := sha256.Sum256([]byte(content))
		name := hex.EncodeToString(sum[:])
		testkit.Must(object.NewKeeper(w.DB, w.store).Put(t.Context(), name, strings.NewReader(content), int64(len(content))))(t)
		err := catalog.UpdateImages(w.As(t.Context(), "owner"), w.DB, catalog.One(img.ID, nil), catalog.UpdateImageInput{OriginalName: new("Été.png")})
		if err != nil {
			t.Fatal(err)
		}
		w.DB.Image.UpdateOneID(img.ID).SetObjectSha256(name).SetSize(int64(len(content))).ExecX(access.System(t.Context()))
	}
	w.service = download.New(w.DB, w.store, testkit.Must(auth.NewKeys("0123456789abcdef0123456789abcdef"))(t))
	r := chi.NewRouter()
	r.Handle(download.Path, w.service)
	r.Handle(download.Path+"/", w.service)
	w.handler = r
	return w
}

// get asks for a path as an actor, with some headers.
func (w *world) get(t *testing.T, actor, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(w.As(t.Context(), actor), method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

func (w *world) path(query string) string {
	return fmt.Sprintf("/api/v1/datasets/%d/export/?%s", w.Dataset.ID, query)
}

func (w *world) freeze(t *testing.T) string {
	t.Helper()
	s := testkit.Must(snapshot.Create(w.As(t.Context(), "manager"), w.DB, w.Dataset.ID, snapshot.CreateInput{}))(t)
	return w.path(fmt.Sprintf("format=yolo&snapshot=%d", s.ID))
}

func TestExport(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, of *testkit.World) {
		w := newWorld(t, of)
		path := w.freeze(t)
		whole := w.get(t, "viewer", "GET", path)
		h := whole.Header()
		if whole.Code != http.StatusOK || h.Get("Content-Length") != strconv.Itoa(whole.Body.Len()) || h.Get("Accept-Ranges") != "bytes" || h.Get("Content-Type") != "application/zip" ||
			!strings.Contains(h.Get("Content-Disposition"), "filename=boats-") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Etag") == "" {
			t.Fatalf("%d %v", whole.Code, h)
		}
		files := map[string]string{}
		content := whole.Body.Bytes()
		for _, f := range testkit.Must(zip.NewReader(bytes.NewReader(content), int64(len(content))))(t).File {
			files[f.Name] = string(testkit.Must(io.ReadAll(testkit.Must(f.Open())(t)))(t))
		}
		want := map[string]string{"data.yaml": "train: train/images\nval: train/images\nnc: 2\nnames:\n  0: \"sail\"\n  1: \"cargo\"\n"}
		for i, img := range w.Images {
			want[fmt.Sprintf("train/images/%d_ete.png", img.ID)] = strings.Repeat(strconv.Itoa(i), 10_000)
			want[fmt.Sprintf("train/labels/%d_ete.txt", img.ID)] = []string{"0 0.1 0.25 0.2 0.3\n1 0.102 0.25 0.2 0.3\n", "0 0.101 0.25 0.2 0.3\n1 0.103 0.25 0.2 0.3\n", ""}[i]
		}
		if diff := cmp.Diff(want, files); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		t.Run("after changes", func(t *testing.T) {
			if err := catalog.DeleteImages(w.As(t.Context(), "owner"), w.DB, catalog.One(w.Images[0].ID, nil)); err != nil {
				t.Fatal(err)
			}
			if again := w.get(t, "viewer", "GET", path); !bytes.Equal(again.Body.Bytes(), content) || again.Header().Get("Etag") != h.Get("Etag") {
				t.Errorf("%d: other bytes", again.Code)
			}
		})
		t.Run("ranges", func(t *testing.T) {
			for _, tt := range []struct {
				header  []string
				code    int
				content []byte
			}{
				{[]string{"Range", "bytes=15000-"}, http.StatusPartialContent, content[15000:]},
				{[]string{"Range", "bytes=0-0"}, http.StatusPartialContent, content[:1]},
				{[]string{"Range", "bytes=-100"}, http.StatusPartialContent, content[len(content)-100:]},
				{[]string{"Range", "bytes=5-9", "If-Range", h.Get("Etag")}, http.StatusPartialContent, content[5:10]},
				{[]string{"Range", "bytes=5-9", "If-Range", `"other"`}, http.StatusOK, content},
				{[]string{"Range", "bytes=0-1,3-4"}, http.StatusOK, content},
				{[]string{"Range", "bytes=99999999-"}, http.StatusRequestedRangeNotSatisfiable, nil},
				{[]string{"If-None-Match", h.Get("Etag")}, http.StatusNotModified, nil},
			} {
				got := w.get(t, "viewer", "GET", path, tt.header...)
				if got.Code != tt.code || tt.content != nil && !bytes.Equal(got.Body.Bytes(), tt.content) {
					t.Errorf("%v: %d with %d bytes", tt.header, got.Code, got.Body.Len())
				}
			}
			head := w.get(t, "viewer", "HEAD", path)
			if head.Code != http.StatusOK || head.Body.Len() > 0 || head.Header().Get("Content-Length") != h.Get("Content-Length") {
				t.Errorf("HEAD: %d %v", head.Code, head.Header())
			}
		})
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, of *testkit.World) {
		w := newWorld(t, of)
		for _, tt := range []struct{ actor, method, query, want string }{
			{"", "GET", "format=yolo", "401 "},
			{"no member", "GET", "format=yolo", "404 dataset not found"},
			{"other workspace", "GET", "format=yolo", "404 dataset not found"},
			{"viewer", "POST", "format=yolo", "405 method not allowed"},
			{"viewer", "GET", "", "400 format: is none of yolo"},
			{"viewer", "GET", "format=zip", "400 format: is none of yolo"},
			{"viewer", "GET", "format=yolo&colour=red", "400 colour: is no option of yolo"},
			{"viewer", "GET", "format=yolo&format=coco", "400 format: comes more than once"},
			{"viewer", "GET", "format=yolo&snapshot=x", `400 snapshot: "x" is not an id`},
			{"viewer", "GET", "format=yolo&snapshot=999999", "404 snapshot not found"},
			{"viewer", "GET", fmt.Sprintf("format=yolo&snapshot=%d", w.Foreign.Snapshot.ID), "404 snapshot not found"},
			{"viewer", "GET", "format=yolo&splits=all", `400 splits: "all" is none of train, val, test, none`},
			{"viewer", "GET", "format=yolo&reviewed=yes", `400 reviewed: "yes" is neither true nor false`},
			{"viewer", "GET", "format=yolo&min_confidence=2", `400 min_confidence: "2" is not between 0 and 1`},
			{"viewer", "GET", "format=yolo&labels=1,", `400 labels: "" is not an id`},
		} {
			got := w.get(t, tt.actor, tt.method, w.path(tt.query))
			status, message, _ := strings.Cut(tt.want, " ")
			if strconv.Itoa(got.Code) != status || !strings.Contains(strings.ReplaceAll(got.Body.String(), `\"`, `"`), message) {
				t.Errorf("%s %s as %s: %d %s; want %s", tt.method, tt.query, tt.actor, got.Code, got.Body, tt.want)
			}
		}
	})
}

// TestLink: a link works by itself, to the letter, for the viewer it was made for and while they see the dataset.
func TestLink(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, of *testkit.World) {
		w := newWorld(t, of)
		request := testkit.Must(download.Input{Format: "yolo"}.Request(w.Dataset.ID))(t)
		link := testkit.Must(w.service.URL(w.As(t.Context(), "viewer"), request))(t)
		got := w.get(t, "", "GET", link)
		if got.Code != http.StatusOK || got.Body.Len() < 30_000 {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		if err := catalog.DeleteImages(w.As(t.Context(), "owner"), w.DB, catalog.One(w.Images[0].ID, nil)); err != nil {
			t.Fatal(err)
		}
		if again := w.get(t, "", "GET", link); !bytes.Equal(again.Body.Bytes(), got.Body.Bytes()) {
			t.Error("what the link is of has changed with the dataset")
		}
		for _, altered := range []string{
			strings.Replace(link, "format=yolo", "format=yolo&reviewed=true", 1), link + "&reviewed=true", link[:len(link)-1],
			strings.Replace(link, "viewer=", "viewer=1", 1), strings.Replace(link, "until=", "until=1", 1),
		} {
			if got := w.get(t, "", "GET", altered); got.Code != http.StatusForbidden {
				t.Errorf("%s: %d", altered, got.Code)
			}
		}
		w.DB.User.Update().Where(user.ID(w.Users["viewer"].ID)).SetIsActive(false).ExecX(access.System(t.Context()))
		if got := w.get(t, "", "GET", link); got.Code != http.StatusNotFound {
			t.Errorf("of a user who may not sign in: %d", got.Code)
		}
		if _, err := w.service.URL(w.As(t.Context(), "no member"), request); !errors.Is(err, fault.NotFound) {
			t.Errorf("for a stranger: %v", err)
		}
	})
}

// TestLive: what there is now is the same snapshot until something changes, is in no list, and goes after a day.
func TestLive(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, of *testkit.World) {
		w := newWorld(t, of)
		ctx := w.As(t.Context(), "viewer")
		first := testkit.Must(snapshot.Live(ctx, w.DB, w.Dataset.ID))(t)
		if again := testkit.Must(snapshot.Live(ctx, w.DB, w.Dataset.ID))(t); again.ID != first.ID {
			t.Error("another one, though nothing has changed")
		}
		if n := w.DB.Snapshot.Query().CountX(ctx); n != 1 {
			t.Errorf("%d snapshots are in the list, of 1", n)
		}
		name := func(err error) { t.Helper(); _ = testkit.Must(0, err)(t) }
		for what, change := range map[string]func(){
			"an image": func() {
				name(catalog.UpdateImages(w.As(t.Context(), "owner"), w.DB, catalog.One(w.Images[0].ID, nil), catalog.UpdateImageInput{Done: new(true)}))
			},
			"a label": func() { name(catalog.DeleteLabels(w.As(t.Context(), "owner"), w.DB, catalog.One(w.Labels[1].ID, nil))) },
			"the name": func() {
				name(catalog.UpdateDatasets(w.As(t.Context(), "owner"), w.DB, catalog.One(w.Dataset.ID, nil), catalog.UpdateDatasetInput{Name: new("x")}))
			},
			"an archive": func() {
				testkit.Must(snapshot.Create(w.As(t.Context(), "owner"), w.DB, w.Dataset.ID, snapshot.CreateInput{}))(t)
			},
		} {
			before := testkit.Must(snapshot.Live(ctx, w.DB, w.Dataset.ID))(t)
			change()
			if after := testkit.Must(snapshot.Live(ctx, w.DB, w.Dataset.ID))(t); after.ID == before.ID {
				t.Errorf("after %s: the same one", what)
			}
		}
		w.DB.Snapshot.Update().SetExpiresAt(time.Now().Add(-time.Second)).ExecX(access.System(t.Context()))
		name(snapshot.Sweep(t.Context(), w.DB))
		if n := w.DB.Snapshot.Query().CountX(access.System(context.Background())); n != 0 {
			t.Errorf("%d snapshots are left", n)
		}
	})
}

func TestQueryIsCanonical(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"format=yolo": "format=yolo",
		"splits=val,train&format=yolo&snapshot=3&labels=7,5,7&reviewed=true&min_confidence=0.50&synthetic=false": "format=yolo&labels=5%2C7&min_confidence=0.5&reviewed=true&snapshot=3&splits=train%2Cval&synthetic=false",
	} {
		values := testkit.Must(url.ParseQuery(query))(t)
		got := testkit.Must(download.Parse(1, values))(t)
		if got.Query() != want {
			t.Errorf("%s: %s, want %s", query, got.Query(), want)
		}
		again := testkit.Must(download.Parse(1, testkit.Must(url.ParseQuery(got.Query()))(t)))(t)
		if again.Query() != want {
			t.Errorf("%s read again: %s", query, again.Query())
		}
	}
}
