package importer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/user"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/annotate"
	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/foreign"
	"github.com/datasetgen/datagen/internal/gid"
)

// canvas is an image of the dataset that shapes are drawn on, which several items may stand for.
type canvas struct {
	row      *ent.Image
	existing []*ent.Annotation
	byID     map[gid.AnnotationID]*ent.Annotation
	taken    map[gid.AnnotationID]bool // that a shape of the files stands for
	times    map[string]int            // how often shapes have come, by what they are
	known    *known                    // of what exists; nil until it is asked for
	replace  bool
	spoilt   bool // not all of what the files tell can be drawn
}

// stroke is a change, and the item that it belongs to.
type stroke struct {
	annotate.Change

	item  *item
	place string
	old   *ent.Annotation // that it is to change; nil when it makes one
}

// draw draws the shapes of a group.
func (r *run) draw(ctx context.Context, group []*item) error {
	if err := r.readAuthors(ctx, group); err != nil {
		return err
	}
	canvases, err := r.canvases(ctx, group)
	if err != nil {
		return err
	}
	for _, it := range group {
		if it.row != nil {
			it.checkSize()
		}
	}
	free, err := r.freeIDs(ctx, group)
	if err != nil {
		return err
	}
	if err := r.prepareLabels(ctx, group); err != nil {
		return err
	}
	var strokes []stroke
	for _, it := range group {
		if it.row == nil {
			continue
		}
		c := canvases[it.row.ID]
		if c == nil {
			c = newCanvas(it.row) // one that a dry run would make
		}
		for i := range it.Shapes {
			s, drawn, err := r.stroke(ctx, c, it, &it.Shapes[i], free)
			if err != nil {
				return err
			}
			if drawn {
				strokes = append(strokes, s)
			}
		}
	}
	for _, it := range identified(group) {
		c := canvases[it.row.ID]
		c.spoilt = c.spoilt || r.spoilt || slices.ContainsFunc(it.Problems, func(p foreign.Problem) bool { return p.Lost })
	}
	for _, it := range identified(group) { // when all are drawn, since several may be of one image
		strokes = append(strokes, canvases[it.row.ID].clear(it)...)
	}
	return r.apply(ctx, strokes)
}

func newCanvas(row *ent.Image) *canvas {
	return &canvas{row: row, byID: map[gid.AnnotationID]*ent.Annotation{}, taken: map[gid.AnnotationID]bool{}, times: map[string]int{}}
}

// canvases reads what is on the images of a group.
func (r *run) canvases(ctx context.Context, group []*item) (map[gid.ImageID]*canvas, error) {
	all := map[gid.ImageID]*canvas{}
	var ids []gid.ImageID
	for _, it := range identified(group) {
		c := all[it.row.ID]
		if c == nil {
			c = newCanvas(it.row)
			all[it.row.ID] = c
		}
		if it.result.Status == Matched {
			ids = append(ids, it.row.ID)
		}
	}
	if len(ids) == 0 {
		return all, nil
	}
	ids = unique(ids)
	existing, err := r.db.Annotation.Query().Where(annotation.DatasetID(r.dataset), annotation.ImageIDIn(ids...)).
		Order(annotation.ByImageID(), annotation.ByPosition(), annotation.ByID()).All(ctx)
	for _, a := range existing {
		c := all[a.ImageID]
		c.existing = append(c.existing, a)
		c.byID[a.ID] = a
	}
	for _, id := range ids {
		all[id].replace = r.options.Mode == Replace && !r.touched[id]
	}
	for _, it := range identified(group) { // what this import has drawn stays, also when another group has more of the image
		r.touched[it.row.ID] = true
	}
	return all, err
}

// freeIDs are those of ids which the files tell that no annotation anywhere has.
func (r *run) freeIDs(ctx context.Context, group []*item) (map[gid.AnnotationID]bool, error) {
	free := map[gid.AnnotationID]bool{}
	var ids []gid.AnnotationID
	for _, it := range group {
		for _, s := range it.Shapes {
			if s.ID != nil && !free[*s.ID] {
				free[*s.ID] = true
				ids = append(ids, *s.ID)
			}
		}
	}
	for chunk := range slices.Chunk(ids, groupShapes) {
		used, err := r.db.Annotation.Query().Where(annotation.IDIn(chunk...)).IDs(access.System(ctx))
		if err != nil {
			return nil, err
		}
		for _, id := range used {
			delete(free, id)
		}
	}
	return free, nil
}

// stroke decides what becomes of a shape. It is not drawn when it is there, or cannot be.
func (r *run) stroke(ctx context.Context, c *canvas, it *item, s *foreign.Shape, free map[gid.AnnotationID]bool) (stroke, bool, error) {
	if err := ctx.Err(); err != nil {
		return stroke{}, false, err
	}
	id, problem := r.findLabel(s.Label)
	if problem != "" {
		it.lose(s.Place, problem)
		return stroke{}, false, nil
	}
	in := &annotate.CreateInput{
		ImageID: c.row.ID, LabelID: id, Source: &s.Source, IsSynthetic: &s.IsSynthetic,
		Confidence: graphql.OmittableOf(s.Confidence), Author: r.authors[s.Author],
	}
	in.Type, in.Data = s.Geometry(c.row.Width, c.row.Height)
	if problem := in.Problem(); problem != "" {
		it.lose(s.Place, problem)
		return stroke{}, false, nil
	}
	if !c.place(in, s.ID, free, r.options.Mode) {
		it.result.Annotations.Unchanged++
		return stroke{}, false, nil
	}
	return stroke{annotate.Change{Create: in}, it, s.Place, c.byID[*in.ID]}, true, nil
}

// place gives a shape its id, and tells whether it has to be drawn. An annotation that is there stands for it if it has the
// id that the files tell, unless it only may be added to; or if it is the same shape; or if it came from the same place.
func (c *canvas) place(in *annotate.CreateInput, own *gid.AnnotationID, free map[gid.AnnotationID]bool, mode Mode) bool {
	if own != nil && c.byID[*own] != nil && !c.taken[*own] && mode != Append {
		in.ID = own
		c.taken[*own] = true
		return true
	}
	if same := c.same(in); same != nil {
		c.taken[same.ID] = true
		return false
	}
	key := fmt.Sprintf("%d %s %s", in.LabelID, in.Type, in.Data)
	if own != nil {
		key = own.String()
	}
	c.times[key]++
	id := derived(c.row.ID, key, c.times[key])
	if own != nil && free[*own] && c.times[key] == 1 {
		id = *own
	}
	in.ID = &id
	known := c.byID[id] != nil || c.taken[id]
	c.taken[id] = true
	return !known || mode != Append
}

// derived is the id of an annotation that files tell of: the same whenever they are imported into the image. It is a UUID of
// version 8 (RFC 9562, 5.8) that begins with the image, so that what is inserted together lies together in the index.
func derived(image gid.ImageID, key string, times int) gid.AnnotationID {
	sum := sha256.Sum256([]byte(strconv.Itoa(int(image)) + "\n" + strconv.Itoa(times) + "\n" + key))
	var id uuid.UUID
	copy(id[:], sum[:])
	prefix := binary.BigEndian.AppendUint64(nil, uint64(image)) //nolint:gosec // an id
	copy(id[:6], prefix[2:])
	id[6] = 0x80 | id[6]&0x0f
	id[8] = 0x80 | id[8]&0x3f // the variant
	return gid.AnnotationID(id)
}

// outline are the corners of a polygon, or two of a box.
func outline(typ string, data []byte) []export.Point {
	a := export.Annotation{Type: typ, Data: data}
	if points, ok := a.Polygon(); ok {
		return points
	}
	box, ok := a.Box()
	if !ok {
		return nil
	}
	return []export.Point{{X: box.Left, Y: box.Top}, {X: box.Right, Y: box.Bottom}}
}

// clear removes what the files do not have, if that is asked for; once. Where not all of what they have can be drawn,
// nothing is removed.
func (c *canvas) clear(it *item) (strokes []stroke) {
	if !c.replace {
		return nil
	}
	c.replace = false
	for _, a := range c.existing {
		if !c.taken[a.ID] { // what somebody changes meanwhile stays
			remove := &annotate.DeleteInput{ID: a.ID, ExpectedVersion: &a.Version}
			strokes = append(strokes, stroke{annotate.Change{Delete: remove}, it, it.Place, a})
		}
	}
	if c.spoilt && len(strokes) > 0 {
		it.note("what is on the image stays, since not all of what is to replace it can be imported")
		return nil
	}
	return strokes
}

// apply makes the changes, and counts what became of them.
func (r *run) apply(ctx context.Context, strokes []stroke) error {
	for chunk := range slices.Chunk(strokes, groupShapes) {
		results, err := r.annotate(ctx, chunk)
		if err != nil {
			return err
		}
		for i, result := range results {
			chunk[i].count(result)
		}
	}
	return nil
}

func (r *run) annotate(ctx context.Context, strokes []stroke) ([]annotate.Result, error) {
	changes := make([]annotate.Change, len(strokes))
	for i, s := range strokes {
		changes[i] = s.Change
	}
	if r.options.DryRun {
		return pretend(strokes), nil
	}
	return annotate.Annotate(ctx, r.db, r.dataset, changes, false)
}

// pretend is what would become of changes, as far as that can be told without making them.
func pretend(strokes []stroke) []annotate.Result {
	results := make([]annotate.Result, len(strokes))
	for i, s := range strokes {
		switch {
		case s.Delete != nil:
			results[i].Status = annotate.Deleted
		case s.old == nil:
			results[i].Status = annotate.Created
		case s.Create.Changes(s.old):
			results[i].Status = annotate.Updated
		default:
			results[i].Status = annotate.Unchanged
		}
	}
	return results
}

func (s *stroke) count(result annotate.Result) {
	counts := &s.item.result.Annotations
	switch result.Status {
	case annotate.Created:
		counts.Created++
	case annotate.Updated:
		counts.Updated++
	case annotate.Unchanged:
		if s.Delete == nil { // otherwise others have deleted it meanwhile
			counts.Unchanged++
		}
	case annotate.Deleted:
		counts.Deleted++
	case annotate.Conflict:
		s.item.note("an annotation was changed meanwhile, and stays")
	case annotate.Invalid:
		s.item.lose(s.place, result.Problems.Error())
	}
}

// maxAuthor is how long the email address of an author may be, in bytes: nobody has a longer one.
const maxAuthor = 1000

// readAuthors finds the people of the workspace whom shapes are said to be drawn by.
func (r *run) readAuthors(ctx context.Context, group []*item) error {
	var unknown []string
	for _, it := range group {
		for _, s := range it.Shapes {
			if _, known := r.authors[s.Author]; !known && s.Author != "" && len(s.Author) <= maxAuthor {
				r.authors[s.Author] = nil
				unknown = append(unknown, s.Author)
			}
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	d, err := r.db.Dataset.Get(ctx, r.dataset)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(unknown, groupShapes) {
		people, err := r.db.User.Query().Where(user.WorkspaceID(d.WorkspaceID), user.EmailIn(chunk...)).Select(user.FieldID, user.FieldEmail).All(ctx)
		if err != nil {
			return err
		}
		for _, u := range people {
			r.authors[u.Email] = &u.ID
		}
	}
	return nil
}
