package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/batch"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/job"
	"github.com/datasetgen/datagen/ent/predicate"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// UpdateImageInput is what to change in an image; nil leaves a field alone,
// and so does an Omittable that is not set.
type UpdateImageInput struct {
	OriginalName     *string
	Prompt           *string
	NegativePrompt   *string
	GenerationType   *string
	ExtraInformation rawjson.Object
	Tags             []string       // all that it is to have
	AddTags          []string       // besides those that it has
	RemoveTags       []string       // of those that it has
	Metadata         rawjson.Object // all that it is to have
	IsSynthetic      *bool
	Done             *bool
	Reviewed         *bool
	Split            *image.Split
	BatchID          graphql.Omittable[*gid.BatchID]
	JobID            graphql.Omittable[*gid.JobID]
	BaseImageID      graphql.Omittable[*gid.ImageID]
}

const (
	originalNameLength = 500
	// extraLength bounds what is kept of an image beside its pixels, in bytes.
	extraLength = 1 << 20
)

// Check returns what is wrong with the input by itself.
func (in UpdateImageInput) Check() fault.Fields {
	var c fault.Check
	c.Text(in.OriginalName, originalNameLength, "originalName")
	c.Text(in.Prompt, textLength, "prompt")
	c.Text(in.NegativePrompt, textLength, "negativePrompt")
	c.Line(in.GenerationType, nameLength, "generationType")
	c.That(len(in.ExtraInformation) <= extraLength, fmt.Sprintf("is longer than %d bytes", extraLength), "extraInformation")
	in.checkTags(&c)
	checkMetadata(&c, in.Metadata)
	return c.Fields()
}

// actions are those that the change needs: annotators mark images as done, reviewers
// as reviewed, and managers change the rest.
func (in UpdateImageInput) actions() []access.Action {
	actions := []access.Action{access.Annotate}
	if in.Done != nil {
		actions = append(actions, access.MarkDone)
	}
	if in.Reviewed != nil {
		actions = append(actions, access.MarkReviewed)
	}
	in.Done, in.Reviewed = nil, nil
	if !in.empty() {
		actions = append(actions, access.EditImages)
	}
	return actions
}

func (in UpdateImageInput) empty() bool {
	return in.OriginalName == nil && in.Prompt == nil && in.NegativePrompt == nil && in.GenerationType == nil &&
		in.ExtraInformation == nil && in.Tags == nil && in.AddTags == nil && in.RemoveTags == nil && in.Metadata == nil &&
		in.IsSynthetic == nil && in.Done == nil && in.Reviewed == nil && in.Split == nil &&
		!in.BatchID.IsSet() && !in.JobID.IsSet() && !in.BaseImageID.IsSet()
}

// UpdateImages makes the same change to each of the images.
func UpdateImages(ctx context.Context, db *database.DB, targets Targets[gid.ImageID], in UpdateImageInput) error {
	var c fault.Check
	c.Add(targets.Check())
	c.Add(in.Check(), "input")
	if err := c.Err(); err != nil {
		return err
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		images, err := lockImages(ctx, tx, targets, in.actions()...)
		if err != nil {
			return err
		}
		if err := checkLinks(ctx, tx, images, in.links()); err != nil {
			return err
		}
		ids := Changed(images, func(img *ent.Image) gid.ImageID { return img.ID }, in.changes)
		if len(ids) == 0 {
			return nil
		}
		if err := change(tx.Image.Update().Where(image.IDIn(ids...)), in).Exec(ctx); err != nil || in.AddTags == nil && in.RemoveTags == nil {
			return err
		}
		images = slices.DeleteFunc(images, func(img *ent.Image) bool { return !in.changesTags(img) })
		return writeTags(ctx, tx, db.Dialect(), images, in.tagsOf, "input", "addTags")
	})
}

// changes tells whether an image is not yet what the input says.
func (in UpdateImageInput) changes(img *ent.Image) bool {
	return Differs(in.OriginalName, img.OriginalName) || Differs(in.Prompt, img.Prompt) ||
		Differs(in.NegativePrompt, img.NegativePrompt) || Differs(in.GenerationType, img.GenerationType) ||
		in.ExtraInformation != nil && in.ExtraInformation.String() != img.ExtraInformation.String() ||
		in.changesTags(img) || in.Metadata != nil && !sameMetadata(in.Metadata, img.Metadata) ||
		Differs(in.IsSynthetic, img.IsSynthetic) || Differs(in.Done, img.Done) ||
		Differs(in.Reviewed, img.Reviewed) || Differs(in.Split, img.Split) ||
		Moves(in.BatchID, img.BatchID) || Moves(in.JobID, img.JobID) || Moves(in.BaseImageID, img.BaseImageID)
}

func change(u *ent.ImageUpdate, in UpdateImageInput) *ent.ImageUpdate {
	u.SetNillableOriginalName(in.OriginalName).
		SetNillablePrompt(in.Prompt).
		SetNillableNegativePrompt(in.NegativePrompt).
		SetNillableGenerationType(in.GenerationType).
		SetNillableIsSynthetic(in.IsSynthetic).
		SetNillableDone(in.Done).
		SetNillableReviewed(in.Reviewed).
		SetNillableSplit(in.Split)
	if in.ExtraInformation != nil {
		u.SetExtraInformation(in.ExtraInformation)
	}
	if in.Tags != nil {
		u.SetTags(Tags(in.Tags))
	}
	if in.Metadata != nil {
		u.SetMetadata(Metadata(in.Metadata))
	}
	if id, ok := in.BatchID.ValueOK(); ok {
		SetOrClear(id, u.SetBatchID, u.ClearBatchID)
	}
	if id, ok := in.JobID.ValueOK(); ok {
		SetOrClear(id, u.SetJobID, u.ClearJobID)
	}
	if id, ok := in.BaseImageID.ValueOK(); ok {
		SetOrClear(id, u.SetBaseImageID, u.ClearBaseImageID)
	}
	return u
}

// SetOrClear sets a nullable column to *v, or clears it when v is nil.
func SetOrClear[T, U any](v *T, set func(T) U, clear func() U) {
	if v == nil {
		clear()
		return
	}
	set(*v)
}

// ImageLinks are the rows that an image points to; nil points nowhere.
type ImageLinks struct {
	Batch     *gid.BatchID
	Job       *gid.JobID
	BaseImage *gid.ImageID
}

func (in UpdateImageInput) links() ImageLinks {
	return ImageLinks{in.BatchID.Value(), in.JobID.Value(), in.BaseImageID.Value()}
}

// checkLinks checks the links of images that are to have the same ones.
func checkLinks(ctx context.Context, tx *ent.Tx, images []*ent.Image, links ImageLinks) error {
	checked := map[gid.DatasetID]bool{}
	for _, img := range images {
		if links.BaseImage != nil && *links.BaseImage == img.ID {
			return fault.InvalidAt("an image is not made from itself", "input", "baseImageId")
		}
		if checked[img.DatasetID] {
			continue
		}
		if err := CheckImageLinks(ctx, tx.Client(), img.DatasetID, links, "input"); err != nil {
			return err
		}
		checked[img.DatasetID] = true
	}
	return nil
}

// CheckImageLinks complains, under path, about links that leave the dataset: what is not there
// and what is somebody else's get the same answer.
func CheckImageLinks(ctx context.Context, db *ent.Client, dataset gid.DatasetID, links ImageLinks, path ...any) error {
	var c fault.Check
	check := func(field string, exist func(context.Context) (bool, error)) error {
		found, err := exist(ctx)
		c.That(found, "no such row in the dataset", append(slices.Clone(path), field)...)
		return err
	}
	var errs [3]error
	if id := links.Batch; id != nil {
		errs[0] = check("batchId", db.Batch.Query().Where(batch.ID(*id), batch.DatasetID(dataset)).Exist)
	}
	if id := links.Job; id != nil {
		errs[1] = check("jobId", db.Job.Query().Where(job.ID(*id), job.DatasetID(dataset)).Exist)
	}
	if id := links.BaseImage; id != nil {
		errs[2] = check("baseImageId", db.Image.Query().Where(image.ID(*id), image.DatasetID(dataset)).Exist)
	}
	return cmp.Or(errors.Join(errs[:]...), c.Err())
}

// DeleteImages deletes images and their annotations. Images that were made from them stay.
// The pixels stay too, until nothing names them any more.
func DeleteImages(ctx context.Context, db *database.DB, targets Targets[gid.ImageID]) error {
	if fields := targets.Check(); fields != nil {
		return fields
	}
	return db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if _, err := lockImages(ctx, tx, targets, access.EditImages); err != nil {
			return err
		}
		return RemoveImages(ctx, tx, image.IDIn(targets.IDs...))
	})
}

// RemoveImages deletes the images that where finds, clearing what points to them first.
func RemoveImages(ctx context.Context, tx *ent.Tx, where predicate.Image) error {
	// From here on nobody makes an image from one of them, or draws on one.
	q := tx.Image.Query().Where(image.Or(where, image.HasBaseImageWith(where))).Order(image.ByID())
	q.Modify(database.Lock)
	if _, err := q.IDs(ctx); err != nil {
		return err
	}
	if err := tx.Image.Update().Where(image.HasBaseImageWith(where)).ClearBaseImageID().Exec(ctx); err != nil {
		return err
	}
	if err := discount(ctx, tx, where); err != nil {
		return err
	}
	// All at once: triggers count what each statement deletes.
	if _, err := tx.Annotation.Delete().Where(annotation.HasImageWith(where)).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.Image.Delete().Where(where).Exec(ctx)
	return err
}

// discount notes that the images that where finds go. The bytes of those that a snapshot sees stay.
func discount(ctx context.Context, tx *ent.Tx, where predicate.Image) error {
	var rows []struct {
		DatasetID gid.DatasetID `sql:"dataset_id"`
		Count     int           `sql:"count"`
		Freed     int64         `sql:"freed"`
	}
	err := tx.Image.Query().Where(where).GroupBy(image.FieldDatasetID).Aggregate(ent.Count(), func(s *sql.Selector) string {
		freed := fmt.Sprintf("COALESCE(SUM(%s) FILTER (WHERE NOT %s), 0)", s.C(image.FieldSize), history.Kept(image.Table, s.TableName()))
		return sql.As("CAST("+freed+" AS bigint)", "freed")
	}).Scan(ctx, &rows)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := quota.Count(ctx, tx, r.DatasetID, quota.Size{Images: -r.Count, Bytes: -r.Freed}); err != nil {
			return err
		}
	}
	return nil
}

func lockImages(ctx context.Context, tx *ent.Tx, targets Targets[gid.ImageID], actions ...access.Action) ([]*ent.Image, error) {
	if err := database.ShareDatasetsOf(ctx, tx, image.Table, targets.IDs); err != nil {
		return nil, err
	}
	q := tx.Image.Query().Where(image.IDIn(targets.IDs...)).Order(image.ByID())
	q.Modify(database.Lock)
	images, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	return Hold(ctx, tx, "image", targets, images, func(img *ent.Image) Held[gid.ImageID] {
		return Held[gid.ImageID]{img.ID, img.DatasetID, img.Version}
	}, actions...)
}
