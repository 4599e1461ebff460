package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"entgo.io/ent/dialect"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/ent/workspace"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/gid"
)

// data is what is measured with: a workspace of its own, which goes again.
type data struct {
	Config

	workspace *ent.Workspace
	user      *ent.User
	token     string
	tree      *ent.Dataset // images with annotations
	labels    []*ent.Label
	wide      []*ent.Dataset // three of many images
	narrow    []*ent.Dataset // three of few
	middle    *ent.Dataset   // one of middling
	uploaded  *ent.Dataset   // images are uploaded to
	pictures  *ent.Dataset   // images with pixels
	first     int            // the first image of the tree
	deep      int            // an image of the first of the wide ones, before which a tenth of them come
}

// few and middling are how many images the datasets have that those of many are compared with.
const (
	few      = 100
	middling = 10_000
)

func (d *data) makeAll(ctx context.Context) error {
	ctx = access.System(ctx)
	err := d.DB.Write(ctx, func(ctx context.Context, tx *ent.Tx) error { return d.makeRows(ctx, tx) })
	if err != nil {
		return err
	}
	if d.token, _, err = d.Auth.IssueAPIKey(ctx, d.user.ID, auth.KeyRequest{Name: "bench", Scope: "WRITE"}); err != nil {
		return err
	}
	for _, set := range []struct {
		datasets            []*ent.Dataset
		images, annotations int
	}{{[]*ent.Dataset{d.tree}, d.Images, d.Annotations}, {d.wide, d.Children, 0}, {d.narrow, few, 0}, {[]*ent.Dataset{d.middle}, middling, 0}} {
		for _, dataset := range set.datasets {
			d.Progress(fmt.Sprintf("making %d images with %d annotations each", set.images, set.annotations))
			if err := d.fill(ctx, dataset, set.images, set.annotations); err != nil {
				return err
			}
		}
	}
	first, err := d.DB.Image.Query().Where(image.DatasetID(d.tree.ID)).Order(image.ByID()).FirstID(ctx)
	if err != nil {
		return err
	}
	d.first = int(first)
	deep, err := d.DB.Image.Query().Where(image.DatasetID(d.wide[0].ID)).Order(image.ByID()).Offset(d.Children / 10).FirstID(ctx)
	if err != nil {
		return err
	}
	d.deep = int(deep)
	_, err = d.DB.ExecContext(ctx, "ANALYZE")
	return err
}

// The workspace that is made, and its only user.
const (
	workspaceName = "datagen bench"
	userEmail     = "bench@datagen.invalid"
)

func (d *data) makeRows(ctx context.Context, tx *ent.Tx) (err error) {
	d.workspace, err = tx.Workspace.Create().SetName(workspaceName).Save(ctx)
	if ent.IsConstraintError(err) {
		return fmt.Errorf("there is a workspace %q with users of its own: %w", workspaceName, err)
	}
	if err != nil {
		return err
	}
	if d.user, err = tx.User.Create().SetWorkspace(d.workspace).SetEmail(userEmail).Save(ctx); err != nil {
		return err
	}
	dataset := func(name string) (*ent.Dataset, error) {
		made, err := tx.Dataset.Create().SetWorkspace(d.workspace).SetOwner(d.user).SetName(name).Save(ctx)
		if err != nil {
			return nil, err
		}
		return made, tx.Member.Create().SetDataset(made).SetUser(d.user).SetRole("OWNER").Exec(ctx)
	}
	for to, name := range map[**ent.Dataset]string{&d.tree: "tree", &d.uploaded: "uploads", &d.middle: "middle", &d.pictures: "pictures"} {
		if *to, err = dataset(name); err != nil {
			return err
		}
	}
	for i := range 3 {
		for list, name := range map[*[]*ent.Dataset]string{&d.wide: "wide", &d.narrow: "narrow"} {
			made, err := dataset(fmt.Sprintf("%s %d", name, i))
			if err != nil {
				return err
			}
			*list = append(*list, made)
		}
	}
	for i := range 10 {
		l, err := tx.Label.Create().SetDataset(d.tree).SetName(fmt.Sprintf("label %d", i)).SetColor("#336699").SetOrder(i).Save(ctx)
		if err != nil {
			return err
		}
		d.labels = append(d.labels, l)
	}
	return nil
}

// fillPage is how many images a statement makes.
const fillPage = 5000

// fill makes images with annotations, in statements alone, since a million of them take long enough.
func (d *data) fill(ctx context.Context, dataset *ent.Dataset, images, annotations int) error {
	for from := 0; from < images; from += fillPage {
		n := min(fillPage, images-from)
		err := d.DB.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
			if err := d.DB.ShareDataset(ctx, tx, dataset.ID); err != nil {
				return err
			}
			statements := []string{d.imagesStatement(dataset.ID, from, n)}
			if annotations > 0 {
				statements = append(statements, d.annotationsStatement(dataset.ID, from, n, annotations))
			}
			for _, s := range statements {
				if _, err := tx.ExecContext(ctx, s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *data) series(from, n int) string {
	return fmt.Sprintf("WITH RECURSIVE series(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM series WHERE i < %d)", from+1, from+n)
}

// now is the present in SQL.
func (d *data) now() string {
	if d.DB.Dialect() == dialect.Postgres {
		return "now()"
	}
	return "strftime('%Y-%m-%d %H:%M:%f+00:00', 'now')"
}

func (d *data) imagesStatement(dataset gid.DatasetID, from, n int) string {
	return fmt.Sprintf(`%s INSERT INTO images (created_at, updated_at, version, born, dataset_id, name, original_name, source, sha256, object_sha256,
			size, width, height, format, prompt, negative_prompt, generation_type, extra_information, tags, metadata, is_synthetic, done, reviewed, split)
		SELECT %s, %[2]s, 1, 1, %[3]d, 'image-' || i || '.png', 'photo ' || i || '.png', '', %[4]s, %[4]s,
			100000, 640, 480, 'PNG', 'a boat in the harbour, at dawn', '', 'text2image', '{"seed":7}', '[]', '{}', i %% 2 = 0, i %% 3 = 0, i %% 6 = 0, 'NONE' FROM series`,
		d.series(from, n), d.now(), dataset, "'"+strings.Repeat("0", 64)+"'")
}

func (d *data) annotationsStatement(dataset gid.DatasetID, from, n, each int) string {
	id := "gen_random_uuid()"
	if d.DB.Dialect() == dialect.SQLite {
		id = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
	}
	return fmt.Sprintf(`WITH RECURSIVE series(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series WHERE i < %d)
		INSERT INTO annotations (id, created_at, updated_at, version, born, dataset_id, image_id, label_id, author_id, type, data, is_synthetic, source, position)
		SELECT %s, %s, %[3]s, 1, 1, %[4]d, images.id, %d + i %% %d, %d, 'bounding_box', '{"point":[0.125,0.25],"width":0.375,"height":0.4375}', i %% 2 = 0, 'MANUAL', i
		FROM (SELECT id FROM images WHERE dataset_id = %[4]d ORDER BY id LIMIT %[8]d OFFSET %[9]d) images, series`,
		each, id, d.now(), dataset, d.labels[0].ID, len(d.labels), d.user.ID, n, from)
}

// remove deletes all that was made, by this run or by one that was killed. A workspace of that name that has other users is not
// touched.
func (d *data) remove(ctx context.Context) error {
	ctx = access.System(ctx)
	id, err := d.DB.Workspace.Query().Where(
		workspace.Name(workspaceName), workspace.HasUsersWith(user.Email(userEmail)), workspace.Not(workspace.HasUsersWith(user.EmailNEQ(userEmail))),
	).OnlyID(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for data that was made: %w", err)
	}
	d.Progress("deleting what was made")
	err = d.DB.Write(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := d.DB.TakeTime(ctx, tx); err != nil {
			return err
		}
		for _, statement := range []string{
			"DELETE FROM datasets WHERE workspace_id = %d",
			"DELETE FROM api_keys WHERE user_id IN (SELECT id FROM users WHERE workspace_id = %d)",
			"DELETE FROM users WHERE workspace_id = %d",
			"DELETE FROM workspaces WHERE id = %d",
		} {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf(statement, id)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete what was made: %w", err)
	}
	return nil
}

// upload gives the dataset that is exported images of some 60 KB, each with pixels of its own.
func (d *data) upload(ctx context.Context, server string) error {
	d.Progress(fmt.Sprintf("uploading %d images", exported))
	client := &http.Client{}
	for range exported {
		r, err := d.uploads(ctx, server, d.pictures, 256)
		if err != nil {
			return err
		}
		if _, err := exchange(client, r, io.Discard); err != nil {
			return err
		}
	}
	return nil
}
