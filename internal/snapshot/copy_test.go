package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/dataset"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/testkit"
)

// tree is what a dataset holds, with places instead of ids.
func tree(ctx context.Context, t *testing.T, db *ent.Client, id gid.DatasetID) (lines []string) {
	t.Helper()
	labels := testkit.Must(db.Label.Query().Where(label.DatasetID(id)).Order(label.ByOrder(), label.ByID()).All(ctx))(t)
	for _, l := range labels {
		lines = append(lines, fmt.Sprint("label ", l.Name, l.Color, l.Order, l.Prompt, l.NegativePrompt))
	}
	images := testkit.Must(db.Image.Query().Where(image.DatasetID(id)).Order(image.ByID()).All(ctx))(t)
	place := func(id gid.ImageID) int {
		return slices.IndexFunc(images, func(img *ent.Image) bool { return img.ID == id })
	}
	for _, img := range images {
		base := -1
		if img.BaseImageID != nil {
			base = place(*img.BaseImageID)
		}
		lines = append(lines, fmt.Sprint("image ", img.OriginalName, img.Source, img.Sha256, img.ObjectSha256, img.Size, img.Width, img.Height, img.Format, *img.PerceptualHash,
			img.Prompt, img.NegativePrompt, img.GenerationType, img.ExtraInformation, img.Tags, img.Metadata, img.IsSynthetic, img.Done, img.Reviewed, img.Split, img.CreatedAt, base))
	}
	for _, a := range testkit.Must(db.Annotation.Query().Where(annotation.DatasetID(id)).Order(annotation.ByImageID(), annotation.ByPosition(), annotation.ByID()).All(ctx))(t) {
		class := slices.IndexFunc(labels, func(l *ent.Label) bool { return l.ID == a.LabelID })
		lines = append(lines, fmt.Sprint("annotation ", place(a.ImageID), class, a.Type, a.Data, a.IsSynthetic, a.Confidence, a.Source, a.Position, a.CreatedAt, *a.AuthorID))
	}
	return lines
}

// TestCopy makes a dataset of a snapshot, after what it sees has changed.
func TestCopy(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := w.As(t.Context(), "owner")
		update := func(img *ent.Image, in catalog.UpdateImageInput) {
			if err := catalog.UpdateImages(ctx, w.DB, catalog.One(img.ID, nil), in); err != nil {
				t.Fatal(err)
			}
		}
		update(w.Images[0], catalog.UpdateImageInput{Tags: []string{"a", "b"}, Done: new(true), Prompt: new("boats")})
		w.DB.Image.UpdateOne(w.Images[0]).SetBaseImageID(w.Images[2].ID).ExecX(access.System(t.Context()))
		s := testkit.Must(snapshot.Create(ctx, w.DB, w.Dataset.ID, snapshot.CreateInput{}))(t)
		then := history.At(ctx, snapshot.MomentOf(s))
		want := tree(then, t, w.DB.Client, w.Dataset.ID)
		update(w.Images[1], catalog.UpdateImageInput{OriginalName: new("changed")})
		if err := catalog.DeleteImages(ctx, w.DB, catalog.One(w.Images[2].ID, nil)); err != nil {
			t.Fatal(err)
		}
		before := w.Dump(t)
		made := testkit.Must(snapshot.Copy(ctx, w.DB, quota.Limits{}, s.ID, snapshot.CopyInput{Description: new("again")}))(t)
		if made.Name != "boats" || made.Description != "again" || made.OwnerID != w.Users["owner"].ID {
			t.Errorf("%+v", made)
		}
		if diff := gocmp.Diff(want, tree(ctx, t, w.DB.Client, made.ID)); diff != "" {
			t.Errorf("copy (-snapshot +copy)\n%s", diff)
		}
		copied := testkit.Must(w.DB.Image.Query().Where(image.DatasetID(made.ID)).IDs(ctx))(t)
		if err := catalog.DeleteImages(ctx, w.DB, catalog.One(copied[0], nil)); err != nil {
			t.Fatal(err)
		}
		if err := catalog.DeleteDatasets(ctx, w.DB, catalog.One(made.ID, nil)); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(before, w.Dump(t)); diff != "" {
			t.Errorf("what was copied has changed:\n%s", diff)
		}
	})
}

// TestCopyPages copies more images than one transaction takes.
func TestCopyPages(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		ctx := w.As(t.Context(), "owner")
		creates := make([]*ent.ImageCreate, 1100)
		for i := range creates {
			creates[i] = testkit.NewImage(w.DB.Client, w.Dataset).SetOriginalName(strconv.Itoa(i))
		}
		w.DB.Image.CreateBulk(creates...).ExecX(access.System(t.Context()))
		s := testkit.Must(snapshot.Create(ctx, w.DB, w.Dataset.ID, snapshot.CreateInput{}))(t)
		want := tree(ctx, t, w.DB.Client, w.Dataset.ID)
		made := testkit.Must(snapshot.Copy(ctx, w.DB, quota.Limits{}, s.ID, snapshot.CopyInput{}))(t)
		if diff := gocmp.Diff(want, tree(ctx, t, w.DB.Client, made.ID)); diff != "" {
			t.Errorf("copy (-snapshot +copy)\n%s", diff)
		}
		failed := errors.New("failed half way")
		n := 0
		w.DB.Image.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				if n++; n == 600 {
					return nil, failed
				}
				return next.Mutate(ctx, m)
			})
		})
		if _, err := snapshot.Copy(ctx, w.DB, quota.Limits{}, s.ID, snapshot.CopyInput{Name: new("half")}); !errors.Is(err, failed) {
			t.Errorf("error %v", err)
		}
		if _, err := snapshot.Copy(ctx, w.DB, quota.Limits{Images: 1}, s.ID, snapshot.CopyInput{Name: new("half")}); !errors.Is(err, fault.QuotaExceeded) {
			t.Errorf("error %v", err)
		}
		if n := w.DB.Dataset.Query().Where(dataset.NameContains("half")).CountX(ctx); n > 0 {
			t.Errorf("%d datasets that are not whole stay", n)
		}
	})
}

func TestCopyRefused(t *testing.T) {
	t.Parallel()
	testkit.Worlds(t, func(t *testing.T, w *testkit.World) {
		whole := testkit.Must(snapshot.Create(w.As(t.Context(), "owner"), w.DB, w.Dataset.ID, snapshot.CreateInput{}))(t)
		for actor, kind := range map[string]error{"other workspace": fault.NotFound, "no member": fault.NotFound, "reviewer": fault.Forbidden} {
			if _, err := snapshot.Copy(w.As(t.Context(), actor), w.DB, quota.Limits{}, whole.ID, snapshot.CopyInput{}); !errors.Is(err, kind) {
				t.Errorf("%s: error %v, want %v", actor, err, kind)
			}
		}
		foreign := testkit.Must(snapshot.Create(access.System(t.Context()), w.DB, w.Foreign.Dataset.ID, snapshot.CreateInput{}))(t)
		if _, err := snapshot.Copy(w.As(t.Context(), "superuser"), w.DB, quota.Limits{}, foreign.ID, snapshot.CopyInput{}); !errors.Is(err, fault.Invalid) {
			t.Errorf("of another workspace: error %v", err)
		}
		for name, in := range map[string]snapshot.CopyInput{"no name": {Name: new("")}, "a long name": {Name: new(strings.Repeat("x", 101))}} {
			if _, err := snapshot.Copy(w.As(t.Context(), "owner"), w.DB, quota.Limits{}, whole.ID, in); !errors.Is(err, fault.Invalid) {
				t.Errorf("%s: error %v", name, err)
			}
		}
		long := strings.Repeat("x", 100)
		if d, err := snapshot.Copy(w.As(t.Context(), "owner"), w.DB, quota.Limits{}, whole.ID, snapshot.CopyInput{Name: &long}); err != nil || d.Name != long {
			t.Errorf("%v, %v", d, err)
		}
	})
}
