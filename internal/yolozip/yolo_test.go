package yolozip_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/internal/testkit"
	"github.com/datasetgen/datagen/internal/yolozip"
)

var update = flag.Bool("update", false, "write testdata anew")

// picture is an image of those bytes.
func picture(name, content string, boxes ...yolozip.Box) yolozip.Image {
	return yolozip.Image{Name: name, Boxes: boxes, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(content)), nil
	}}
}

// of yields the images, and then the error unless it is nil.
func of(err error, images ...yolozip.Image) iter.Seq2[yolozip.Image, error] {
	return func(yield func(yolozip.Image, error) bool) {
		for _, img := range images {
			if !yield(img, nil) {
				return
			}
		}
		if err != nil {
			yield(yolozip.Image{}, err)
		}
	}
}

func harbour() yolozip.Dataset {
	return yolozip.Dataset{
		Labels: []string{"sail", `"cargo": {#1}`, "größe 图 🚢", "a\nb\x00\u0085\u2028\ufeff", " - no ", "", "null"},
		Images: of(nil,
			picture("0a1b.png", "pixels of a",
				yolozip.Box{Class: 0, Left: 0.25, Top: 0.5, Right: 0.75, Bottom: 0.75},
				yolozip.Box{Class: 6, Left: 0.1, Top: 0.2, Right: 0.1 + 0.3, Bottom: 0.2 + 0.4},
				yolozip.Box{Class: 1, Left: 1.0 / 3, Top: 1.0 / 7, Right: 2.0 / 3, Bottom: 1.0/7 + 0.000123456789},
			),
			picture("9.f.jpg", "pixels of b"),
			picture("0a1c.webp", "pixels of c",
				yolozip.Box{Class: 2, Left: -0.5, Top: -1, Right: 0.5, Bottom: 1e308},
				yolozip.Box{Class: 2, Left: 1.1, Top: 0.1, Right: 1.2, Bottom: 0.2}, // beside the image
				yolozip.Box{Class: 2, Left: -3, Top: 0.1, Right: 0, Bottom: 0.2},    // at its edge
				yolozip.Box{Class: 2, Left: 0.1, Top: 0.1, Right: 0.1, Bottom: 0.2},
				yolozip.Box{Class: 2, Left: 0.1, Top: 0.1, Right: 0.1 + 1e-12, Bottom: 0.2},
			),
		),
	}
}

func TestYOLO(t *testing.T) {
	t.Parallel()
	const golden = "testdata/yolo.golden"
	got := listing(t, written(t, harbour()))
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(testkit.Must(os.ReadFile(golden))(t)), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestYOLOIsTheSame: equal datasets give equal bytes.
func TestYOLOIsTheSame(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(written(t, harbour()), written(t, harbour())) {
		t.Error("two zips of a dataset differ")
	}
}

func TestYOLOOfNothing(t *testing.T) {
	t.Parallel()
	const want = "-- data.yaml, method 0, 1980-01-01 00:00 --\ntrain: train/images\nval: train/images\nnc: 0\nnames: {}\n"
	if diff := cmp.Diff(want, listing(t, written(t, yolozip.Dataset{Images: of(nil)}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestYOLOFails: what goes wrong is told.
func TestYOLOFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		w      io.Writer
		images iter.Seq2[yolozip.Image, error]
	}{
		"the list": {io.Discard, of(broken, picture("a.png", "a"))},
		"opening": {io.Discard, of(nil, yolozip.Image{Name: "a.png", Open: func(context.Context) (io.ReadCloser, error) {
			return nil, broken
		}})},
		"reading": {io.Discard, of(nil, yolozip.Image{Name: "a.png", Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(iotest.ErrReader(broken)), nil
		}})},
		"writing": {brokenWriter{broken}, of(nil)},
	} {
		if err := yolozip.YOLO(t.Context(), tt.w, yolozip.Dataset{Images: tt.images}); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := yolozip.YOLO(ctx, io.Discard, harbour()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func written(t *testing.T, d yolozip.Dataset) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := yolozip.YOLO(t.Context(), &b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// listing shows what is in a zip.
func listing(t *testing.T, archive []byte) string {
	t.Helper()
	var b strings.Builder
	for _, f := range testkit.Must(zip.NewReader(bytes.NewReader(archive), int64(len(archive))))(t).File {
		content := testkit.Must(io.ReadAll(testkit.Must(f.Open())(t)))(t)
		fmt.Fprintf(&b, "-- %s, method %d, %s --\n%s", f.Name, f.Method, f.Modified.UTC().Format("2006-01-02 15:04"), content)
		if len(content) > 0 && content[len(content)-1] != '\n' {
			b.WriteString("\n")
		}
	}
	return b.String()
}
