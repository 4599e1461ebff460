package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/archive"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/testkit"
)

// world is a dataset in memory, with objects in a store.
type world struct {
	store  storage.Store
	images []*export.Image
	files  map[string]string // of its archive
}

func newWorld(t *testing.T, n int) *world {
	t.Helper()
	w := &world{store: storage.NewMemory(), files: map[string]string{}}
	for i := range n {
		content := strings.Repeat(strconv.Itoa(i), i%50)
		img := &export.Image{ID: gid.ImageID(i*3 + 1), Format: image.FormatPNG, Split: image.SplitTrain, Object: w.put(t, content), Annotations: make([]export.Annotation, i%4)}
		if i%3 == 0 {
			img.Split = image.SplitVal
		}
		w.images = append(w.images, img)
	}
	return w
}

func (w *world) put(t *testing.T, content string) export.Object {
	t.Helper()
	sum := sha256.Sum256([]byte(content))
	o := export.Object{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content)), CRC32: crc32.ChecksumIEEE([]byte(content))}
	key := testkit.Must(storage.ObjectKey(o.SHA256))(t)
	if err := w.store.Put(t.Context(), key, strings.NewReader(content), o.Size); err != nil {
		t.Fatal(err)
	}
	return o
}

func (w *world) dataset() *export.Dataset {
	return &export.Dataset{Images: func(_ context.Context, after gid.ImageID, wanted export.Wanted) iter.Seq2[*export.Image, error] {
		return func(yield func(*export.Image, error) bool) {
			for _, img := range w.images {
				if img.ID > after && (len(wanted.Splits) == 0 || slices.Contains(wanted.Splits, img.Split)) && !yield(img, nil) {
					return
				}
			}
		}
	}}
}

// parts have one of each kind, and shards.
func parts() []export.Part {
	return []export.Part{
		export.Fixed{Name: "read me.txt", Content: []byte("é")},
		export.PerImage{Files: func(img *export.Image, at export.Place) []export.File {
			return []export.File{
				{Name: "images/" + img.FileName(), Pieces: []export.Piece{{Object: &img.Object}}},
				{Name: "texts/" + img.Stem() + ".txt", Pieces: []export.Piece{{Text: []byte(fmt.Sprint(at, img.Split, "\n"))}, {Object: &img.Object}, {Text: []byte("!")}}},
			}
		}},
		export.Series{Name: func(i int) string { return "all-" + strconv.Itoa(i) }, Head: []byte("["), Tail: []byte("]"), Item: item},
		export.Series{Wanted: export.Wanted{Splits: []image.Split{image.SplitVal}}, MaxSize: 1000, Name: func(i int) string { return "val-" + strconv.Itoa(i) }, Item: item},
		export.Series{Name: func(int) string { return "twice" }, Head: []byte("<"), Tail: []byte("|"), Item: item, Next: &export.Series{Head: []byte("("), Item: item, Tail: []byte(")>")}},
		export.Fixed{Name: "empty"},
	}
}

func item(img *export.Image, at export.Place) []export.Piece {
	return []export.Piece{{Text: []byte(fmt.Sprint(at.Annotations, ":"))}, {Object: &img.Object}, {Text: []byte(",")}}
}

// source measures what there is.
func (w *world) source(t *testing.T) archive.Source {
	t.Helper()
	var b bytes.Buffer
	d := w.dataset()
	index := testkit.Must(archive.Measure(t.Context(), d, parts(), &b))(t)
	stored := testkit.Must(archive.ReadIndex(bytes.NewReader(b.Bytes())))(t)
	if stored.Size != index.Size {
		t.Errorf("%d bytes, read back as %d", index.Size, stored.Size)
	}
	return archive.Source{Dataset: d, Parts: parts(), Index: stored, Store: w.store}
}

func written(t *testing.T, s archive.Source, from, to int64) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Write(t.Context(), &b, from, to); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestArchive(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 255, 256, 257, 1500} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, n)
			s := w.source(t)
			whole := written(t, s, 0, s.Index.Size)
			if int64(len(whole)) != s.Index.Size {
				t.Fatalf("%d bytes, measured as %d", len(whole), s.Index.Size)
			}
			got := map[string]string{}
			for _, f := range testkit.Must(zip.NewReader(bytes.NewReader(whole), int64(len(whole))))(t).File {
				got[f.Name] = string(testkit.Must(io.ReadAll(testkit.Must(f.Open())(t)))(t)) // which checks the CRC
			}
			if diff := cmp.Diff(w.plain(), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			rng := rand.New(rand.NewPCG(1, uint64(n)))
			for range 100 {
				from := rng.Int64N(s.Index.Size)
				to := from + rng.Int64N(s.Index.Size-from+1)
				if !bytes.Equal(written(t, s, from, to), whole[from:to]) {
					t.Fatalf("bytes %d to %d of %d are others", from, to, len(whole))
				}
			}
		})
	}
}

// plain is what is to be in the archive.
func (w *world) plain() map[string]string {
	content := func(img *export.Image) string {
		i := int(img.ID-1) / 3
		return strings.Repeat(strconv.Itoa(i), i%50)
	}
	files := map[string]string{"read me.txt": "é", "empty": ""}
	all, val, shard := "[", "", 0
	var at, atVal export.Place
	for _, img := range w.images {
		files["images/"+img.FileName()] = content(img)
		files["texts/"+img.Stem()+".txt"] = fmt.Sprint(at, img.Split, "\n") + content(img) + "!"
		all += fmt.Sprint(at.Annotations, ":") + content(img) + ","
		at.Images, at.Annotations = at.Images+1, at.Annotations+len(img.Annotations)
		if img.Split == image.SplitVal {
			if len(val) >= 1000 {
				files["val-"+strconv.Itoa(shard)] = val
				shard, val = shard+1, ""
			}
			val += fmt.Sprint(atVal.Annotations, ":") + content(img) + ","
			atVal.Annotations += len(img.Annotations)
		}
	}
	files["all-0"], files["val-"+strconv.Itoa(shard)] = all+"]", val
	files["twice"] = "<" + all[1:] + "|(" + all[1:] + ")>"
	return files
}

// TestStale has something change behind the back of the snapshot: that is seen, and what is written until then is right.
func TestStale(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"an image goes":            func(w *world) { w.images = slices.Delete(w.images, 700, 701) },
		"an image comes":           func(w *world) { w.images = append(w.images, w.images[3]) },
		"an annotation comes":      func(w *world) { w.images[600].Annotations = make([]export.Annotation, 9) },
		"a split changes":          func(w *world) { w.images[601].Split = image.SplitVal },
		"one of the same length":   func(w *world) { w.images[640].Split = image.SplitTest; w.images[640].Split = "TRAIL" },
		"another object":           func(w *world) { w.images[601].Object = w.images[655].Object },
		"an object of that length": func(w *world) { w.images[619].Object = w.images[669].Object },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1000)
			s := w.source(t)
			change(w)
			var b bytes.Buffer
			if err := s.Write(t.Context(), &b, 0, s.Index.Size); !errors.Is(err, archive.ErrStale) {
				t.Errorf("%v after %d bytes of %d", err, b.Len(), s.Index.Size)
			}
		})
	}
}

// TestBrokenObjects are lost, cut off or altered in the store: what is written ends before.
func TestBrokenObjects(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]export.Object{
		"lost":    {SHA256: strings.Repeat("a", 64), Size: 5},
		"longer":  {Size: 1},
		"altered": {CRC32: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 300)
			good := &w.images[120].Object
			if o.SHA256 != "" {
				good.SHA256 = o.SHA256
			}
			good.Size += o.Size
			good.CRC32 += o.CRC32
			s := w.source(t)
			var b bytes.Buffer
			err := s.Write(t.Context(), &b, 0, s.Index.Size)
			if err == nil || !strings.Contains(err.Error(), "object "+good.SHA256) {
				t.Errorf("%v after %d bytes", err, b.Len())
			}
		})
	}
}

// failing is a client that has gone.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestClientGoes(t *testing.T) {
	t.Parallel()
	s := newWorld(t, 1000).source(t)
	if err := s.Write(t.Context(), &failing{10_000}, 0, s.Index.Size); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}
