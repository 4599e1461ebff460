package ingest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/rawjson"
	"github.com/datasetgen/datagen/internal/testkit"
)

func TestFormats(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for name, tt := range map[string]struct {
			content       []byte
			format        image.Format
			extension     string
			width, height int
		}{
			"png":              {pngOf(7, 5, 1), image.FormatPNG, ".png", 7, 5},
			"jpeg":             {jpegOf(7, 5), image.FormatJPEG, ".jpg", 7, 5},
			"jpeg on its side": {jpegOnItsSide(7, 5), image.FormatJPEG, ".jpg", 5, 7},
			"webp":             {webP(), image.FormatWebP, ".webp", 1, 1},
			"gif":              {gifOf(7, 5), image.FormatGIF, ".gif", 7, 5},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				img := testkit.Must(w.create(t, file("page.html", tt.content)))(t)[0]

				sum := sha256.Sum256(tt.content)
				want := fmt.Sprintf("%s %d×%d of %x", tt.format, tt.width, tt.height, sum)
				if got := fmt.Sprintf("%s %d×%d of %s", img.Format, img.Width, img.Height, img.Sha256); got != want {
					t.Errorf("image is %s, want %s", got, want)
				}
				if stem, ok := strings.CutSuffix(img.Name, tt.extension); !ok || uuid.Validate(stem) != nil {
					t.Errorf("name = %q, want a UUID and %s", img.Name, tt.extension)
				}
				if img.OriginalName != "page.html" {
					t.Errorf("original name = %q", img.OriginalName)
				}
			})
		}
	})
}

// TestFacts: what is said of a picture is kept, in the order of the pictures, and rows can be read on from.
func TestFacts(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		yes, train, name := true, image.SplitTrain, "b.png"
		first, second := file("a.png", pngOf(1, 1, 1)), data(base64Of(pngOf(1, 1, 2)))
		second.OriginalName, second.Prompt, second.NegativePrompt, second.GenerationType = &name, new("p"), new("n"), new("inpainting")
		second.IsSynthetic, second.Done, second.Reviewed, second.Split = &yes, &yes, &yes, &train
		second.ExtraInformation = rawjson.Object(`{"a":1.0}`)

		images := testkit.Must(w.create(t, first, second))(t)

		type facts struct {
			OriginalName, Prompt, NegativePrompt, GenerationType string
			IsSynthetic, Done, Reviewed                          bool
			Split                                                image.Split
		}
		var got []facts
		for _, img := range images {
			got = append(got, facts{
				img.OriginalName, img.Prompt, img.NegativePrompt, img.GenerationType,
				img.IsSynthetic, img.Done, img.Reviewed, img.Split,
			})
		}
		want := []facts{
			{"a.png", "", "", "text2image", false, false, false, image.SplitNone},
			{"b.png", "p", "n", "inpainting", true, true, true, image.SplitTrain},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("images (-want +got):\n%s", diff)
		}
		if d := testkit.Must(images[1].QueryDataset().Only(w.as(t, member.RoleManager)))(t); d.ID != w.dataset {
			t.Errorf("dataset = %d, want %d", d.ID, w.dataset)
		}
	})
}

// TestBytesAreKept: nothing is stored twice, and what is stored is what was sent.
func TestBytesAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		content := pngOf(3, 3, 3)
		images := testkit.Must(w.create(t, file("a.png", content), data(base64Of(content))))(t)
		if images[0].Name == images[1].Name || images[0].Sha256 != images[1].Sha256 {
			t.Errorf("equal pictures have names %q and %q, hashes %q and %q", images[0].Name, images[1].Name, images[0].Sha256, images[1].Sha256)
		}
		sum := sha256.Sum256(content)
		hash := hex.EncodeToString(sum[:])
		if diff := cmp.Diff([]string{path.Join("objects", hash[:2], hash[2:4], hash)}, w.objects(t)); diff != "" {
			t.Errorf("objects (-want +got):\n%s", diff)
		}
	})
}

func TestAllOrNone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		_, err := w.create(t,
			file("a.png", pngOf(2, 2, 1)),
			file("b.png", []byte("<html>")),
			data(base64Of(pngOf(2, 2, 2)[:40])),
			file("c.png", pngOf(2, 2, 3)),
			data("data:image/png;base64,%%%"),
		)
		want := []fault.Field{
			{Path: []any{"images", 1, "file"}, Message: "not a PNG, JPEG, WebP or GIF picture"},
			{Path: []any{"images", 2, "data"}, Message: "the picture is cut off or corrupted"},
			{Path: []any{"images", 4, "data"}, Message: "neither a data URL nor base64"},
		}
		if diff := cmp.Diff(want, fault.Describe(err).Fields); diff != "" {
			t.Errorf("complaints (-want +got):\n%s", diff)
		}
		if n := w.rows(t); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})
}

// TestWhoMay: who may not add pictures does not make the server look at any.
func TestWhoMay(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		readOnly := access.Viewer{UserID: w.users[member.RoleOwner].ID, WorkspaceID: w.users[member.RoleOwner].WorkspaceID, ReadOnly: true}
		for name, tt := range map[string]struct {
			ctx  context.Context
			want error
		}{
			"nobody":                {t.Context(), fault.Unauthenticated},
			"no member":             {w.as(t, ""), fault.NotFound},
			"annotator":             {w.as(t, member.RoleAnnotator), fault.Forbidden},
			"owner with a read key": {access.WithViewer(t.Context(), readOnly), fault.Forbidden},
		} {
			_, err := w.Create(tt.ctx, w.dataset, []ingest.ImageInput{file("a.png", pngOf(1, 1, 1)), data("%")}, inList)
			if !errors.Is(err, tt.want) {
				t.Errorf("%s: error = %v, want %v", name, err, tt.want)
			}
		}
		_, err := w.Create(w.as(t, member.RoleOwner), w.dataset+1, []ingest.ImageInput{data("%")}, inList)
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("no dataset: error = %v, want %v", err, fault.NotFound)
		}
		if n := w.decoder.calls.Load() + w.store.puts.Load(); n != 0 {
			t.Errorf("decoder and store were reached %d times, want none", n)
		}
	})
}

// TestRightIsLostMeanwhile: what counts is who may when the rows are written.
func TestRightIsLostMeanwhile(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.store.put = func(context.Context) error {
			return w.db.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
				_, err := tx.Member.Delete().Where(member.UserID(w.users[member.RoleManager].ID)).Exec(ctx)
				return err
			})
		}
		if _, err := w.create(t, file("a.png", pngOf(1, 1, 1))); !errors.Is(err, fault.NotFound) {
			t.Errorf("error = %v, want %v", err, fault.NotFound)
		}
		if n := w.rows(t); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})
}

func TestTooLarge(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		whole, over := make([]byte, maxUpload), make([]byte, maxUpload+1)
		copy(whole, pngOf(1, 1, 1)) // what follows a picture is not looked at
		if _, err := w.create(t, file("a.png", whole), data(base64Of(whole))); err != nil {
			t.Errorf("of %d bytes: %v", len(whole), err)
		}
		before := w.decoder.calls.Load()
		lying := file("b.png", over)
		lying.File.Size = 1
		_, err := w.create(t, file("a.png", whole), lying, data(base64Of(over)))
		public := fault.Describe(err)
		if public.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("status = %d, want %d", public.Status, http.StatusRequestEntityTooLarge)
		}
		const want = "images[1].file: has 100001 bytes; at most 100000 are allowed; images[2].data: has 100001 bytes; at most 100000 are allowed"
		if public.Message != want || len(public.Fields) != 2 {
			t.Errorf("message = %q and %d fields, want %q and 2", public.Message, len(public.Fields), want)
		}
		if n := w.decoder.calls.Load() - before; n != 0 {
			t.Errorf("the decoder was reached %d times, want none", n)
		}
	})
}

func TestForm(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		good := file("a.png", pngOf(1, 1, 1))
		both, long, empty := good, good, good
		both.Data = new("QQ==")
		long.Prompt, long.OriginalName = new(strings.Repeat("é", 10_001)), new("a\x00b")
		empty.File = nil
		hollow := file("a.png", nil)
		hollow.File.File = nil
		for name, tt := range map[string]struct {
			images []ingest.ImageInput
			want   string
		}{
			"both and neither": {
				[]ingest.ImageInput{good, both, empty},
				"images[1]: must have one of file, data and upload; images[2]: must have one of file, data and upload",
			},
			"no content": {[]ingest.ImageInput{hollow}, "images[0].file: has no content"},
			"texts": {
				[]ingest.ImageInput{long},
				"images[0].originalName: must not contain the character NUL; images[0].prompt: has 10001 characters; at most 10000 are allowed",
			},
			"too many": {make([]ingest.ImageInput, 101), "images[100]: at most 100 pictures are allowed in one call"},
		} {
			_, err := w.create(t, tt.images...)
			if got := fault.Describe(err).Message; got != tt.want {
				t.Errorf("%s: message = %q, want %q", name, got, tt.want)
			}
		}
		if none, err := w.create(t); len(none) != 0 || err != nil {
			t.Errorf("no pictures: %v, %v", none, err)
		}
	})
}

func TestLinks(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var batches [2]gid.BatchID
		w.write(t, func(ctx context.Context, tx *ent.Tx) error {
			other, err := w.newDataset(ctx, tx)
			if err != nil {
				return err
			}
			for i, dataset := range []gid.DatasetID{w.dataset, other} {
				b, err := tx.Batch.Create().SetDatasetID(dataset).SetName("b").Save(ctx)
				if err != nil {
					return err
				}
				batches[i] = b.ID
			}
			return nil
		})
		mine, foreign, astray := file("a.png", pngOf(1, 1, 1)), file("b.png", pngOf(1, 1, 2)), file("c.png", pngOf(1, 1, 3))
		mine.BatchID, foreign.BatchID, astray.BatchID = &batches[0], &batches[1], &batches[1]
		astray.JobID, astray.BaseImageID = new(gid.JobID(99)), new(gid.ImageID(99))

		_, err := w.create(t, mine, foreign, astray, file("d.png", pngOf(1, 1, 4)))
		const want = "images[1].batchId: no such row in the dataset; images[2].batchId: no such row in the dataset; " +
			"images[2].jobId: no such row in the dataset; images[2].baseImageId: no such row in the dataset"
		if got := fault.Describe(err).Message; got != want {
			t.Errorf("message = %q, want %q", got, want)
		}
		if n := w.decoder.calls.Load() + w.store.puts.Load(); n != 0 {
			t.Errorf("decoder and store were reached %d times, want none", n)
		}
		if img := testkit.Must(w.create(t, mine))(t)[0]; img.BatchID == nil || *img.BatchID != batches[0] {
			t.Errorf("batch = %v, want %d", img.BatchID, batches[0])
		}
	})
}

// TestLinkIsLostMeanwhile: a batch that is deleted while its pictures are stored gets none.
func TestLinkIsLostMeanwhile(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var id gid.BatchID
		w.write(t, func(ctx context.Context, tx *ent.Tx) error {
			b, err := tx.Batch.Create().SetDatasetID(w.dataset).SetName("b").Save(ctx)
			if err == nil {
				id = b.ID
			}
			return err
		})
		w.store.put = func(context.Context) error {
			return w.db.Write(access.System(t.Context()), func(ctx context.Context, tx *ent.Tx) error {
				return tx.Batch.DeleteOneID(id).Exec(ctx)
			})
		}
		in := file("a.png", pngOf(1, 1, 1))
		in.BatchID = &id
		_, err := w.create(t, in)
		if got, want := fault.Describe(err).Message, "images[0].batchId: no such row in the dataset"; got != want {
			t.Errorf("message = %q, want %q", got, want)
		}
		if n := w.rows(t); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})
}

func TestStoreFails(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.store.put = func(context.Context) error { return errors.New("disk full at /secret/place") }
		_, err := w.create(t, file("a.png", pngOf(1, 1, 1)), file("b.png", pngOf(1, 1, 2)))
		if public := fault.Describe(err); public.Status != http.StatusInternalServerError || public.Message != "internal error" {
			t.Errorf("client is told %+v of %v", public, err)
		}
		if n := w.rows(t); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})
}

// TestCancel: who leaves takes their work along.
func TestCancel(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(w.as(t, member.RoleManager))
		w.store.put = func(ctx context.Context) error {
			cancel()
			return ctx.Err()
		}
		images := make([]ingest.ImageInput, ingest.MaxPictures)
		for i := range images {
			images[i] = file("a.png", pngOf(1, 1, uint8(i)))
		}
		if _, err := w.Create(ctx, w.dataset, images, inList); !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want %v", err, context.Canceled)
		}
		if n, most := int(w.decoder.calls.Load()), 2*runtime.GOMAXPROCS(0); n > most {
			t.Errorf("the decoder was reached %d times, want %d at most", n, most)
		}
		if n := w.rows(t); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})
}

// TestOneFileTwice: GraphQL lets a variable stand in several places. Run with -race.
func TestOneFileTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := file("a.png", pngOf(300, 300, 1))
		in.File.File = struct{ io.ReadSeeker }{in.File.File} // nothing that could be read at two places
		images := testkit.Must(w.create(t, in, in, in, in))(t)
		for _, img := range images {
			if img.Sha256 != images[0].Sha256 {
				t.Errorf("hash = %s, want %s", img.Sha256, images[0].Sha256)
			}
		}
	})
}

func TestManyAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const calls = 50
		var wg sync.WaitGroup
		for i := range calls {
			wg.Go(func() {
				// Two of a kind each, and one that all have.
				_, err := w.create(t, file("a.png", pngOf(2, 2, uint8(i))), data(base64Of(pngOf(2, 2, uint8(i)))), file("b.gif", gifOf(2, 2)))
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := w.rows(t); n != 3*calls {
			t.Errorf("%d rows, want %d", n, 3*calls)
		}
		if n := len(w.objects(t)); n != calls+1 {
			t.Errorf("%d objects, want %d", n, calls+1)
		}
	})
}

// TestQuota: what is one picture too many for the workspace is not added.
func TestQuota(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		limits := quota.Limits{Images: 2}
		w.SetQuota(limits)
		content := pngOf(7, 5, 1)
		testkit.Must(w.create(t, file("a.png", content)))(t)
		if _, err := w.create(t, file("b.png", content), file("c.png", content)); !errors.Is(err, fault.QuotaExceeded) {
			t.Errorf("error = %v", err)
		}
		testkit.Must(w.create(t, file("b.png", content)))(t)
		id := w.users[member.RoleOwner].WorkspaceID
		got := *testkit.Must(limits.Usage(t.Context(), w.db.Client, []gid.WorkspaceID{id}))(t)[id]
		want := quota.Usage{Images: 2, Bytes: int64(2 * len(content)), MaxImages: new(2)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("usage (-want +got):\n%s", diff)
		}
	})
}
