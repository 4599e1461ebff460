package ingest_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/testkit"
)

// packed is a file in a zip.
type packed struct {
	name    string
	content []byte
	change  func(*zip.FileHeader) // what its header says, against the truth
}

// zipOf is a zip of files, whose bytes are stored as they are.
func zipOf(files ...packed) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{
			Name: f.name, CRC32: crc32.ChecksumIEEE(f.content),
			CompressedSize64: uint64(len(f.content)), UncompressedSize64: uint64(len(f.content)),
		}
		if f.change != nil {
			f.change(h)
		}
		if w, err := z.CreateRaw(h); err == nil {
			_, _ = w.Write(f.content)
		}
	}
	_ = z.Close()
	return b.Bytes()
}

// deflated is a zip of files, as people make them.
func deflated(files ...packed) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		if w, err := z.Create(f.name); err == nil {
			_, _ = w.Write(f.content)
		}
	}
	_ = z.Close()
	return b.Bytes()
}

// several are n pictures that differ.
func several(n int) []packed {
	files := make([]packed, n)
	for i := range files {
		files[i] = packed{name: strconv.Itoa(i) + ".png", content: pngOf(1+i/200, 1, uint8(i%200))}
	}
	return files
}

func zipFile(content []byte) ingest.ZipInput {
	return ingest.ZipInput{File: file("a.zip", content).File}
}

func zipData(text string) ingest.ZipInput { return ingest.ZipInput{Data: &text} }

// inInput is where the zip of the importZip mutation stands.
func inInput(int) []any { return []any{"input"} }

// importZip adds a zip as the manager does.
func (w *world) importZip(tb testing.TB, in ingest.ZipInput) ([]*ingest.ImportResult, error) {
	return w.ImportZip(w.as(tb, member.RoleManager), w.dataset, in, ingest.ImportOptions{OnDuplicate: ingest.KeepDuplicates}, inInput)
}

// told are results as lines: the name in the zip, and that of the image or what is wrong.
func told(results []*ingest.ImportResult) []string {
	lines := make([]string, len(results))
	for i, r := range results {
		switch {
		case r.Image != nil && r.Message == nil:
			lines[i] = fmt.Sprintf("%s %s %s", r.Status, r.Name, r.Image.OriginalName)
		case r.Image == nil && r.Message != nil:
			lines[i] = fmt.Sprintf("%s %s %s", r.Status, r.Name, *r.Message)
		}
	}
	return lines
}

func TestZip(t *testing.T) {
	good, long := pngOf(2, 2, 1), make([]byte, maxUpload+1)
	cut := func(h *zip.FileHeader) { h.UncompressedSize64--; h.CRC32 = 1 }
	cases := map[string]struct {
		files []packed
		want  []string
	}{
		"empty": {nil, []string{}},
		"names": {
			[]packed{
				{name: "Übergröße 图.png", content: good},
				{name: "../../etc/passwd", content: good},
				{name: "/root/b.png", content: good},
				{name: `C:\pictures\c.png`, content: good},
				{name: "caf\xe9/d\x00\xe9.png", content: good},
				{name: "", content: good},
				{name: strings.Repeat("é", 300) + ".png", content: good},
				{name: "Übergröße 图.png", content: good},
			},
			[]string{
				"CREATED Übergröße 图.png Übergröße 图.png",
				"CREATED ../../etc/passwd passwd",
				"CREATED /root/b.png b.png",
				`CREATED C:\pictures\c.png c.png`,
				"CREATED caf/d.png d.png",
				"CREATED  ",
				"CREATED " + strings.Repeat("é", 300) + ".png " + strings.Repeat("é", 250),
				"DUPLICATE Übergröße 图.png ",
			},
		},
		"passed over": {
			[]packed{
				{name: "boats/"},
				{name: `boats\`},
				{name: "boats/.DS_Store", content: []byte("x")},
				{name: ".hidden.png", content: good},
				{name: "..", content: good},
				{name: "__MACOSX/boats/a.png", content: good},
				{name: ".boats/a.png", content: good},
			},
			[]string{"CREATED .boats/a.png a.png"},
		},
		"bad ones among good ones": {
			[]packed{
				{name: "1.png", content: good},
				{name: "text.png", content: []byte("hello")},
				{name: "2.png", content: gifOf(3, 3)},
				{name: "empty.png"},
				{name: "cut.png", content: good[:40]},
				{name: "secret.png", content: good, change: func(h *zip.FileHeader) { h.Flags |= 1 }},
				{name: "checksum.png", content: good, change: func(h *zip.FileHeader) { h.CRC32++ }},
				{name: "odd.png", content: good, change: func(h *zip.FileHeader) { h.Method = 12 }},
				{name: "not deflated.png", content: good, change: func(h *zip.FileHeader) { h.Method = zip.Deflate }},
				{name: "longer.png", content: good, change: cut},
				{name: "shorter.png", content: good, change: func(h *zip.FileHeader) { h.UncompressedSize64++ }},
				{name: "large.png", content: long},
				{name: "large by its word.png", content: good, change: func(h *zip.FileHeader) { h.UncompressedSize64 = 1 << 63 }},
				{name: "a.zip", content: zipOf(packed{name: "a.png", content: good})},
				{name: "3.png", content: jpegOf(3, 3)},
			},
			[]string{
				"CREATED 1.png 1.png",
				"INVALID text.png not a PNG, JPEG, WebP or GIF picture",
				"CREATED 2.png 2.png",
				"INVALID empty.png not a PNG, JPEG, WebP or GIF picture",
				"INVALID cut.png the picture is cut off or corrupted",
				"INVALID secret.png is encrypted",
				"INVALID checksum.png is damaged",
				"INVALID odd.png is compressed in a way that is not supported",
				"INVALID not deflated.png is damaged",
				"INVALID longer.png is damaged",
				"INVALID shorter.png is damaged",
				"INVALID large.png has 100001 bytes; at most 100000 are allowed",
				"INVALID large by its word.png has 9223372036854775807 bytes; at most 100000 are allowed",
				"INVALID a.zip not a PNG, JPEG, WebP or GIF picture",
				"CREATED 3.png 3.png",
			},
		},
	}
	onBoth(t, func(t *testing.T, w *world) {
		for name, tt := range cases {
			results, err := w.importZip(t, zipFile(zipOf(tt.files...)))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if diff := cmp.Diff(tt.want, told(results)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

// TestZipForms: the bytes come as those of pictures do.
func TestZipForms(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		whole := make([]byte, maxUpload) // what may follow a picture makes it as large as one may be
		copy(whole, pngOf(1, 1, 1))
		content := deflated(packed{name: "a.png", content: whole}, packed{name: "b.gif", content: gifOf(2, 3)})
		plain := zipFile(content)
		plain.File.File = struct{ io.ReadSeeker }{plain.File.File}
		for name, in := range map[string]ingest.ZipInput{
			"file":                        zipFile(content),
			"file that reads in order":    plain,
			"something else in its front": zipFile(append([]byte("#!/bin/sh"), content...)),
			"data URL":                    zipData("data:application/zip;base64," + base64Of(content)),
			"base64":                      zipData(base64Of(content)),
		} {
			results, err := w.importZip(t, in)
			if err != nil || len(results) != 2 || results[1].Image == nil {
				t.Errorf("%s: %v, %v", name, told(results), err)
				continue
			}
			img := testkit.Must(w.db.Image.Get(access.System(t.Context()), results[1].Image.ID))(t)
			if img.Format != image.FormatGIF || img.Width != 2 || img.Height != 3 || img.DatasetID != w.dataset {
				t.Errorf("%s: %v", name, img)
			}
		}
	})
}

// TestZipRefused: what is wrong with the zip as a whole is said at the argument, and nothing is added.
func TestZipRefused(t *testing.T) {
	good := packed{name: "a.png", content: pngOf(2, 2, 1)}
	whole := zipOf(good)
	both, hollow := zipFile(whole), zipFile(whole)
	both.Data, hollow.File.File = new(""), nil
	for name, tt := range map[string]struct {
		in   ingest.ZipInput
		want string
	}{
		"nothing":       {ingest.ZipInput{}, "input: must have one of file, data and upload"},
		"both":          {both, "input: must have one of file, data and upload"},
		"no content":    {hollow, "input.file: has no content"},
		"no zip":        {zipFile(good.content), "input.file: not a zip"},
		"empty":         {zipFile(nil), "input.file: not a zip"},
		"empty text":    {zipData(""), "input.data: not a zip"},
		"no base64":     {zipData("%"), "input.data: neither a data URL nor base64"},
		"cut off":       {zipFile(whole[:len(whole)-1]), "input.file: not a zip"},
		"no beginning":  {zipFile(whole[len(whole)-30:]), "input.file: not a zip"},
		"too many":      {zipFile(zipOf(make([]packed, 10_001)...)), "input.file: has 10001 files; at most 10000 are allowed"},
		"a long list":   {zipFile(zipOf(make([]packed, 200_000)...)), "input.file: its list of files takes more than 8388608 bytes"},
		"bomb":          {zipFile(bomb(100)), "input.file: unpacks to more than the "},
		"shared bytes":  {zipFile(overlapping(20)), "input.file: its files overlap, or reach past its end"},
		"past its end":  {zipFile(zipOf(packed{change: func(h *zip.FileHeader) { h.CompressedSize64 = 1 << 63 }})), "input.file: its files overlap, or reach past its end"},
		"a wrong count": {zipFile(miscounted(whole)), "input.file: not a zip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testkit.SQLite(t))
			results, err := w.importZip(t, tt.in)
			if err == nil {
				t.Fatalf("%v, want %s", told(results), tt.want)
			}
			got := fault.Describe(err)
			if got.Code != "INVALID" || !strings.HasPrefix(got.Message, tt.want) || len(got.Fields) != 1 || results != nil {
				t.Errorf("%v, %+v, want %s", told(results), got, tt.want)
			}
			if n := w.decoder.calls.Load(); n != 0 {
				t.Errorf("the decoder was reached %d times, want none", n)
			}
		})
	}
}

// bomb is a zip of files of zeros, each as large as a picture may be.
func bomb(n int) []byte {
	files := make([]packed, n)
	for i := range files {
		files[i] = packed{name: strconv.Itoa(i), content: make([]byte, maxUpload)}
	}
	return deflated(files...)
}

// overlapping is a zip whose files all are the first one.
func overlapping(n int) []byte {
	files := several(1)
	files[0].content = make([]byte, 10_000)
	single := zipOf(files...)
	start := bytes.Index(single, []byte("PK\x01\x02"))
	end := bytes.Index(single, []byte("PK\x05\x06"))
	b := append(bytes.Clone(single[:start]), bytes.Repeat(single[start:end], n)...)
	tail := bytes.Clone(single[end:])
	binary.LittleEndian.PutUint16(tail[8:], uint16(n))
	binary.LittleEndian.PutUint16(tail[10:], uint16(n))
	binary.LittleEndian.PutUint32(tail[12:], uint32(n*(end-start)))
	return append(b, tail...)
}

// miscounted is a zip of one file that says it has five.
func miscounted(one []byte) []byte {
	b := bytes.Clone(one)
	end := bytes.Index(b, []byte("PK\x05\x06"))
	binary.LittleEndian.PutUint16(b[end+10:], 5)
	return b
}

// TestZipWhoMay: who may not add pictures does not make the server read a zip.
func TestZipWhoMay(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		owner := w.users[member.RoleOwner]
		for name, tt := range map[string]struct {
			ctx  context.Context
			want error
		}{
			"nobody":                {t.Context(), fault.Unauthenticated},
			"no member":             {w.as(t, ""), fault.NotFound},
			"annotator":             {w.as(t, member.RoleAnnotator), fault.Forbidden},
			"owner with a read key": {access.WithViewer(t.Context(), access.Viewer{UserID: owner.ID, WorkspaceID: owner.WorkspaceID, ReadOnly: true}), fault.Forbidden},
			"manager":               {w.as(t, member.RoleManager), nil},
			"owner":                 {w.as(t, member.RoleOwner), nil},
		} {
			in := zipFile(zipOf(several(1)...))
			reads := &countingReader{ReadSeeker: in.File.File}
			in.File.File = reads
			_, err := w.ImportZip(tt.ctx, w.dataset, in, ingest.ImportOptions{OnDuplicate: ingest.KeepDuplicates}, inInput)
			if !errors.Is(err, tt.want) || (reads.calls == 0) != (tt.want != nil) {
				t.Errorf("%s: error = %v, want %v; read %d times", name, err, tt.want, reads.calls)
			}
		}
	})
}

type countingReader struct {
	io.ReadSeeker
	calls int
	fail  error
}

func (r *countingReader) Read(b []byte) (int, error) {
	if r.calls++; r.fail != nil {
		return 0, r.fail
	}
	return r.ReadSeeker.Read(b)
}

func (r *countingReader) Seek(offset int64, whence int) (int64, error) {
	r.calls++
	return r.ReadSeeker.Seek(offset, whence)
}

// TestZipCannotBeRead: a disk that fails is not the client's fault.
func TestZipCannotBeRead(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := zipFile(zipOf(several(1)...))
		in.File.File = &countingReader{ReadSeeker: in.File.File, fail: errors.New("input/output error at /secret/place")}
		_, err := w.importZip(t, in)
		if public := fault.Describe(err); public.Message != "internal error" {
			t.Errorf("client is told %+v of %v", public, err)
		}
	})
}

// TestZipIsBrokenOff: of a zip whose sender leaves, what was added stays.
func TestZipIsBrokenOff(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(w.as(t, member.RoleManager))
		w.store.put = func(ctx context.Context) error {
			if w.store.puts.Load() > ingest.MaxPictures+10 {
				cancel()
			}
			return ctx.Err()
		}
		results, err := w.ImportZip(ctx, w.dataset, zipFile(zipOf(several(3*ingest.MaxPictures)...)), ingest.ImportOptions{}, inInput)
		if !errors.Is(err, context.Canceled) || results != nil {
			t.Errorf("%d results, error = %v, want %v", len(results), err, context.Canceled)
		}
		if n := w.rows(t); n != 0 && n != ingest.MaxPictures { // the first group may have been under way
			t.Errorf("%d rows, want none or %d", n, ingest.MaxPictures)
		}
		if n, most := int(w.decoder.calls.Load()), ingest.MaxPictures+10+4*runtime.GOMAXPROCS(0); n > most {
			t.Errorf("the decoder was reached %d times, want %d at most", n, most)
		}
	})
}

// TestZipRightIsLost: who may no longer add pictures adds no more, and those before stay.
func TestZipRightIsLost(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.store.put = func(context.Context) error {
			if w.store.puts.Load() != ingest.MaxPictures+1 {
				return nil
			}
			return w.db.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
				_, err := tx.Member.Delete().Where(member.UserID(w.users[member.RoleManager].ID)).Exec(ctx)
				return err
			})
		}
		if _, err := w.importZip(t, zipFile(zipOf(several(2*ingest.MaxPictures)...))); !errors.Is(err, fault.NotFound) {
			t.Errorf("error = %v, want %v", err, fault.NotFound)
		}
		if n := w.rows(t); n != 0 && n != ingest.MaxPictures { // the first group may have been under way
			t.Errorf("%d rows, want none or %d", n, ingest.MaxPictures)
		}
	})
}

// TestZipOrder: images get their ids in the order of the zip, over groups.
func TestZipOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		files := several(ingest.MaxPictures + 20)
		files[7].content = []byte("no picture")
		results := testkit.Must(w.importZip(t, zipFile(deflated(files...))))(t)
		var want, got []string
		for i, f := range files {
			if results[i].Name != f.name {
				t.Errorf("result %d is of %s, want %s", i, results[i].Name, f.name)
			}
			if i != 7 {
				want = append(want, f.name)
			}
		}
		for _, img := range testkit.Must(w.db.Image.Query().Order(image.ByID()).All(access.System(t.Context())))(t) {
			got = append(got, img.OriginalName)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("images (-want +got):\n%s", diff)
		}
	})
}
