package ingest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	stdimage "image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
	"golang.org/x/sync/errgroup"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/testkit"
)

// sampleFile is one of many files to import, and what is to become of it.
type sampleFile struct {
	packed

	want byte // C for created, D for duplicate, I for invalid
}

// samples are n files: PNG, JPEG and WebP, one in a hundred cut off, one in twenty the same as one before, under all
// kinds of names.
func samples(n int) []sampleFile {
	files := make([]sampleFile, n)
	folders := []string{"", "with space/", "año nuevo/niños/", "../../", "deep/er/and/deeper/"}
	for i := range files {
		name := fmt.Sprintf("%spicture %05d é.%s", folders[i%len(folders)], i, []string{"png", "jpg", "webp"}[i%3])
		files[i] = sampleFile{packed{name: name, content: sample(i)}, 'C'}
		switch {
		case i%100 == 50:
			files[i].content, files[i].want = files[i].content[:len(files[i].content)/2], 'I'
		case i%20 == 7:
			files[i].content, files[i].want = files[i-7].content, 'D'
		}
	}
	return files
}

// sample is the i-th picture, other than all others.
func sample(i int) []byte {
	if i%3 == 2 {
		return numberedWebP(i)
	}
	img := stdimage.NewRGBA(stdimage.Rect(0, 0, 24, 16))
	draw.Draw(img, img.Rect, stdimage.NewUniform(color.RGBA{byte(i), byte(i >> 8), byte(i * 7), 255}), stdimage.Point{}, draw.Src)
	img.SetRGBA(i%24, i/24%16, color.RGBA{255, 255, byte(i), 255})
	var b bytes.Buffer
	if i%3 == 0 {
		_ = png.Encode(&b, img)
	} else {
		_ = jpeg.Encode(&b, img, nil)
		b.WriteString("number " + strconv.Itoa(i)) // JPEG may make two pictures the same
	}
	return b.Bytes()
}

// numberedWebP is a picture of one pixel, with a chunk that holds a number.
func numberedWebP(i int) []byte {
	b := append(webP(), "JUNK\x04\x00\x00\x00"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(i))
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// TestManyFiles imports ten thousand files from a zip and from a folder, and each of the two again.
func TestManyFiles(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 500
	}
	files := samples(n)
	var want []string
	var zipped []packed
	for _, f := range files {
		want = append(want, fmt.Sprintf("%c %s", f.want, f.name))
		zipped = append(zipped, f.packed)
	}
	archive := zipOf(zipped...)
	folder := t.TempDir()
	for _, f := range files {
		name := filepath.Join(folder, filepath.FromSlash(strings.ReplaceAll(f.name, "../", "up/")))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, f.content, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for name, open := range inTurn {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, open(t))
			most := watchMemory(t)
			w.importManyFromZip(t, archive, want)
			if name == "sqlite" { // once is enough: the way is the same
				w.importManyFromFolder(t, folder, want)
			}
			w.everyImageHasItsBytes(t)
			if mb := most() >> 20; mb > 200 {
				t.Errorf("the process took %d MB, want less than 200", mb)
			}
		})
	}
}

// inTurn are the databases, for tests that measure and so have the machine for themselves.
var inTurn = map[string]func(tb testing.TB, opts ...database.Option) *database.DB{"sqlite": testkit.SQLite, "postgres": testkit.Postgres}

// importManyFromZip imports a zip twice, with the results that are wanted.
func (w *world) importManyFromZip(t *testing.T, archive []byte, want []string) {
	t.Helper()
	run := func() (lines []string) {
		results, err := w.ImportZip(w.as(t, member.RoleManager), w.dataset, zipFile(archive), ingest.ImportOptions{OnDuplicate: ingest.SkipDuplicates}, inInput)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			lines = append(lines, fmt.Sprintf("%c %s", r.Status[0], r.Name))
		}
		return lines
	}
	if diff := cmp.Diff(want, run()); diff != "" {
		t.Errorf("zip (-want +got):\n%s", diff)
	}
	created := count(want, 'C')
	again := run()
	if count(again, 'C') != 0 || count(again, 'D') != len(want)-count(want, 'I') || w.rows(t) != created {
		t.Errorf("the same zip again: %d created, %d duplicates; %d rows, want %d", count(again, 'C'), count(again, 'D'), w.rows(t), created)
	}
}

// importManyFromFolder imports a folder into another dataset, and then again without and with reading the files.
func (w *world) importManyFromFolder(t *testing.T, folder string, want []string) {
	t.Helper()
	before := w.rows(t)
	w.write(t, func(ctx context.Context, tx *ent.Tx) (err error) {
		w.dataset, err = w.newDataset(ctx, tx)
		return err
	})
	created := count(want, 'C')
	for round, checksum := range []bool{false, false, true} {
		got := statuses(w.importFolder(t, folder, checksum))
		if len(got) != len(want) || strings.Count(got, "I") != count(want, 'I') || (strings.Count(got, "C") != created) == (round == 0) {
			t.Errorf("folder, %d: %d created, %d invalid of %d", round, strings.Count(got, "C"), strings.Count(got, "I"), len(got))
		}
	}
	if rows := w.rows(t); rows != before+created {
		t.Errorf("%d rows, want %d", rows, before+created)
	}
}

func count(lines []string, status byte) (n int) {
	for _, line := range lines {
		if line[0] == status {
			n++
		}
	}
	return n
}

// watchMemory returns what tells the most memory that the process has had from the system since.
func watchMemory(t *testing.T) (most func() uint64) {
	t.Helper()
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	ctx, stop := context.WithCancel(t.Context())
	var peak uint64
	var watch sync.WaitGroup
	watch.Go(func() {
		for ctx.Err() == nil {
			metrics.Read(samples)
			peak = max(peak, samples[0].Value.Uint64()-samples[1].Value.Uint64())
			time.Sleep(10 * time.Millisecond)
		}
	})
	return func() uint64 {
		stop()
		watch.Wait()
		return peak
	}
}

// BenchmarkImportFiles imports a folder of pictures, and tells how many times as long that takes as a plain loop on as
// many workers that reads, hashes, decodes, scales, writes and syncs the same files. DATAGEN_BENCH_PICTURES names
// another folder.
func BenchmarkImportFiles(b *testing.B) {
	folder := os.Getenv("DATAGEN_BENCH_PICTURES")
	if folder == "" {
		folder = b.TempDir()
		writePhotos(b, folder, 400)
	}
	for name, open := range inTurn {
		b.Run(name, func(b *testing.B) {
			var ours, loop time.Duration
			for b.Loop() {
				w := newWorld(b, open(b))
				start := time.Now()
				plainLoop(b, folder, b.TempDir())
				loop += time.Since(start)
				start = time.Now()
				w.importFolder(b, folder, false)
				ours += time.Since(start)
			}
			b.ReportMetric(ours.Seconds()/loop.Seconds(), "×loop")
			b.ReportMetric(ours.Seconds()/float64(b.N), "s/import")
		})
	}
}

// writePhotos writes n pictures of 640 × 480, half of them JPEG and half PNG.
func writePhotos(b *testing.B, folder string, n int) {
	b.Helper()
	for i := range n {
		img := stdimage.NewRGBA(stdimage.Rect(0, 0, 640, 480))
		for p := range img.Pix {
			img.Pix[p] = byte(p*(i+3)/977 ^ p>>11)
		}
		var content bytes.Buffer
		name := filepath.Join(folder, fmt.Sprintf("%d.jpg", i))
		if err := jpeg.Encode(&content, img, nil); err != nil {
			b.Fatal(err)
		}
		if i%2 == 1 {
			content.Reset()
			name = filepath.Join(folder, fmt.Sprintf("%d.png", i))
			if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&content, img); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(name, content.Bytes(), 0o644); err != nil {
			b.Fatal(err)
		}
	}
}

// plainLoop does for each file what cannot be left out.
func plainLoop(b *testing.B, from, to string) {
	b.Helper()
	var workers errgroup.Group
	workers.SetLimit(ingest.Workers())
	for f, err := range ingest.FolderFiles(from) {
		if err != nil {
			b.Fatal(err)
		}
		workers.Go(func() error { return plainCopy(filepath.Join(from, f.Path), to) })
	}
	if err := workers.Wait(); err != nil {
		b.Fatal(err)
	}
}

func plainCopy(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	img, err := decode(content)
	if err != nil {
		return nil //nolint:nilerr // it is not imported either
	}
	small := stdimage.NewGray(stdimage.Rect(0, 0, 32, 32))
	draw.ApproxBiLinear.Scale(small, small.Rect, img, img.Bounds(), draw.Src, nil)
	f, err := os.Create(filepath.Join(to, hex.EncodeToString(sum[:])))
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

func decode(content []byte) (stdimage.Image, error) {
	switch {
	case bytes.HasPrefix(content, []byte("\x89PNG")):
		return png.Decode(bytes.NewReader(content))
	case bytes.HasPrefix(content, []byte("RIFF")):
		return webp.Decode(bytes.NewReader(content))
	}
	return jpeg.Decode(bytes.NewReader(content))
}
