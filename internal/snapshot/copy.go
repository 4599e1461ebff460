package snapshot

import (
	"context"
	"errors"
	"path"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/label"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/history"
	"github.com/datasetgen/datagen/internal/quota"
)

// CopyInput is what the dataset shall be that a snapshot is copied to.
type CopyInput struct {
	Name        *string // nil is the name that the dataset had
	Description *string // likewise
}

// copyPage is how many images are copied in one transaction, with what is drawn on them.
const copyPage = 500

// Copy makes a new dataset of what a snapshot sees: labels, images and annotations; their batches and jobs stay behind. It
// is the viewer's. The files of images are not copied, but count against the quota as those of any image do. The dataset
// comes a page at a time, under a name that says so; when it cannot be completed it is deleted.
func Copy(ctx context.Context, db *database.DB, limits quota.Limits, id gid.SnapshotID, in CopyInput) (_ *ent.Dataset, err error) {
	s, err := Complete(ctx, db.Client, id, "id")
	if err != nil {
		return nil, err
	}
	if err := access.Allow(ctx, db.Client, s.DatasetID, access.EditSnapshots); err != nil {
		return nil, err
	}
	c := &copying{db: db, limits: limits, snapshot: s, moment: MomentOf(s), labels: map[gid.LabelID]gid.LabelID{}, images: map[gid.ImageID]gid.ImageID{}}
	name, err := c.begin(ctx, in)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, catalog.DeleteDatasets(context.WithoutCancel(ctx), db, catalog.One(c.to, nil)))
		}
	}()
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	if err := catalog.UpdateDatasets(ctx, db, catalog.One(c.to, nil), catalog.UpdateDatasetInput{Name: &name}); err != nil {
		return nil, err
	}
	return db.Dataset.Get(ctx, c.to)
}

// copying is one under way.
type copying struct {
	db       *database.DB
	limits   quota.Limits
	snapshot *ent.Snapshot
	moment   *history.Moment
	to       gid.DatasetID
	labels   map[gid.LabelID]gid.LabelID // of the copy, by those that they were copied from
	images   map[gid.ImageID]gid.ImageID // likewise
}

// underWay is what the name of a dataset ends in that is not all there yet.
const underWay = " (being copied)"

// begin makes the dataset, if there is room for it, and returns the name that it is to have once it is complete.
func (c *copying) begin(ctx context.Context, in CopyInput) (name string, err error) {
	then := history.At(ctx, c.moment)
	source, err := c.db.Dataset.Get(then, c.snapshot.DatasetID)
	if err != nil {
		return "", err
	}
	viewer, err := access.Require(ctx)
	if err != nil {
		return "", err
	}
	if source.WorkspaceID != viewer.WorkspaceID {
		return "", fault.InvalidAt("is of another workspace, in which a dataset cannot be yours", "id")
	}
	size, err := c.size(then)
	if err != nil {
		return "", err
	}
	err = c.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		_, err := c.limits.Check(ctx, c.db, tx, source.ID, size)
		return err
	})
	if err != nil {
		return "", err
	}
	wanted := catalog.CreateDatasetInput{Name: source.Name, Description: &source.Description}
	if in.Name != nil {
		wanted.Name = *in.Name
	}
	if in.Description != nil {
		wanted.Description = in.Description
	}
	name = wanted.Name
	runes := []rune(name)
	if len(runes) <= nameLength && strings.TrimSpace(name) != "" { // others are complained about
		wanted.Name = string(runes[:min(len(runes), nameLength-len(underWay))]) + underWay
	}
	made, err := catalog.CreateDatasets(ctx, c.db, []catalog.CreateDatasetInput{wanted}, func(int) []any { return []any{"input"} })
	if err != nil {
		return "", err
	}
	c.to = made[0].ID
	return name, nil
}

// size is that of all images.
func (c *copying) size(then context.Context) (size quota.Size, err error) {
	var rows []struct {
		Count int
		Sum   *int64
	}
	err = c.db.Image.Query().Where(image.DatasetID(c.snapshot.DatasetID)).Aggregate(ent.Count(), ent.Sum(image.FieldSize)).Scan(then, &rows)
	if err != nil {
		return size, err
	}
	size.Images = rows[0].Count
	if rows[0].Sum != nil {
		size.Bytes = *rows[0].Sum
	}
	return size, nil
}

func (c *copying) run(ctx context.Context) error {
	if err := c.copyLabels(ctx); err != nil {
		return err
	}
	bases := map[gid.ImageID]gid.ImageID{} // of images of the copy, in the snapshot
	for after := gid.ImageID(0); ; {
		page, err := c.db.Image.Query().Where(image.DatasetID(c.snapshot.DatasetID), image.IDGT(after)).
			Order(image.ByID()).Limit(copyPage).All(history.At(ctx, c.moment))
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		if err := c.copyPage(ctx, page); err != nil {
			return err
		}
		for _, img := range page {
			if img.BaseImageID != nil {
				bases[c.images[img.ID]] = *img.BaseImageID
			}
		}
		after = page[len(page)-1].ID
	}
	if err := c.linkBases(ctx, bases); err != nil {
		return err
	}
	// What it sees, and the files of its images, stay as long as it does.
	_, err := Complete(ctx, c.db.Client, c.snapshot.ID, "id")
	return err
}

func (c *copying) copyLabels(ctx context.Context) error {
	old, err := c.db.Label.Query().Where(label.DatasetID(c.snapshot.DatasetID)).Order(label.ByID()).All(history.At(ctx, c.moment))
	if err != nil {
		return err
	}
	made, err := database.Result(ctx, c.db, func(ctx context.Context, tx *ent.Tx) ([]*ent.Label, error) {
		return database.InBulk(old, func(old []*ent.Label) ([]*ent.Label, error) {
			return tx.Label.MapCreateBulk(old, func(create *ent.LabelCreate, i int) {
				l := old[i]
				create.SetDatasetID(c.to).SetName(l.Name).SetColor(l.Color).SetOrder(l.Order).SetPrompt(l.Prompt).SetNegativePrompt(l.NegativePrompt)
			}).Save(ctx)
		})
	})
	for i, l := range made {
		c.labels[old[i].ID] = l.ID
	}
	return err
}

// copyPage copies images and what is drawn on them.
func (c *copying) copyPage(ctx context.Context, page []*ent.Image) error {
	ids := make([]gid.ImageID, len(page))
	size := quota.Size{Images: len(page)}
	for i, img := range page {
		ids[i] = img.ID
		size.Bytes += img.Size
	}
	drawn, err := c.db.Annotation.Query().Where(annotation.DatasetID(c.snapshot.DatasetID), annotation.ImageIDIn(ids...)).
		Order(annotation.ByImageID(), annotation.ByPosition(sql.OrderAsc()), annotation.ByID()).All(history.At(ctx, c.moment))
	if err != nil {
		return err
	}
	made, err := database.Result(ctx, c.db, func(ctx context.Context, tx *ent.Tx) ([]*ent.Image, error) {
		if err := access.Allow(ctx, tx.Client(), c.to, access.EditImages); err != nil {
			return nil, err
		}
		if err := c.db.ShareDataset(ctx, tx, c.to); err != nil {
			return nil, err
		}
		if _, err := c.limits.Check(ctx, c.db, tx, c.to, size); err != nil {
			return nil, err
		}
		if err := quota.Count(ctx, tx, c.to, size); err != nil {
			return nil, err
		}
		made, err := c.insertImages(ctx, tx, page)
		if err != nil {
			return nil, err
		}
		return made, annotate.Insert(ctx, tx, c.db.Dialect(), c.annotations(page, made, drawn))
	})
	for i, img := range made {
		c.images[page[i].ID] = img.ID
	}
	return err
}

func (c *copying) insertImages(ctx context.Context, tx *ent.Tx, page []*ent.Image) ([]*ent.Image, error) {
	return tx.Image.MapCreateBulk(page, func(create *ent.ImageCreate, i int) {
		img := page[i]
		create.SetDatasetID(c.to).SetName(uuid.NewString() + path.Ext(img.Name)).
			SetCreatedAt(img.CreatedAt).SetOriginalName(img.OriginalName).SetSource(img.Source).
			SetSha256(img.Sha256).SetObjectSha256(img.ObjectSha256).SetSize(img.Size).SetWidth(img.Width).SetHeight(img.Height).
			SetFormat(img.Format).SetNillablePerceptualHash(img.PerceptualHash).
			SetPrompt(img.Prompt).SetNegativePrompt(img.NegativePrompt).SetGenerationType(img.GenerationType).
			SetExtraInformation(img.ExtraInformation).SetTags(img.Tags).SetMetadata(img.Metadata).
			SetIsSynthetic(img.IsSynthetic).SetDone(img.Done).SetReviewed(img.Reviewed).SetSplit(img.Split)
	}).Save(ctx)
}

// annotations are those of a page, as they are to be in the copy.
func (c *copying) annotations(page, made []*ent.Image, drawn []*ent.Annotation) []*ent.Annotation {
	images := make(map[gid.ImageID]gid.ImageID, len(page))
	for i, img := range page {
		images[img.ID] = made[i].ID
	}
	copies := make([]*ent.Annotation, len(drawn))
	for i, a := range drawn {
		b := *a
		b.ID, b.DatasetID, b.ImageID, b.LabelID, b.Version = gid.NewAnnotationID(), c.to, images[a.ImageID], c.labels[a.LabelID], 1
		copies[i] = &b
	}
	return copies
}

// linkBases links images of the copy to those that they were made from, as far as the snapshot has them.
func (c *copying) linkBases(ctx context.Context, bases map[gid.ImageID]gid.ImageID) error {
	links := map[gid.ImageID]gid.ImageID{}
	for id, old := range bases {
		if base, ok := c.images[old]; ok {
			links[id] = base
		}
	}
	if len(links) == 0 {
		return nil
	}
	return c.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error { return catalog.LinkBases(ctx, c.db, tx, c.to, links) })
}
