package ingest

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/image"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/imaging"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/quota"
)

// target is where pictures go.
type target struct {
	dataset    gid.DatasetID
	duplicates DuplicatePolicy // empty adds all
	at         fault.Places
	tally      *quota.Tally
}

// allow returns nil when the viewer may add these images, with what they point to, to the dataset.
func allow(ctx context.Context, db *ent.Client, dataset gid.DatasetID, images []ImageInput, at fault.Places) error {
	if err := access.Allow(ctx, db, dataset, access.EditImages); err != nil {
		return err
	}
	return checkLinks(ctx, db, dataset, images, at)
}

// saves is how often pictures are put again that sweeps remove before rows name them, or for which there seemed to be no room.
const saves = 5

// save makes the rows of the pictures that are kept, in one transaction, and notes with each entry what became of it.
func (p *Pipeline) save(ctx context.Context, to target, all []*entry) error {
	for range saves {
		entries := slices.DeleteFunc(slices.Clone(all), func(e *entry) bool { return e.refused != nil })
		done, err := database.Result(ctx, p.db, func(ctx context.Context, tx *ent.Tx) (outcome, error) {
			return p.write(ctx, tx, to, entries)
		})
		if err != nil {
			return err
		}
		if len(done.lost) == 0 {
			done.note(entries)
			return nil
		}
		if err := done.insist(to.tally); err != nil {
			return err
		}
		if err := p.keepAll(ctx, to, done.lost); err != nil {
			return err
		}
		for _, e := range done.lost { // some bytes are others than a moment ago
			if e.refused != nil && to.duplicates == "" {
				return e.refused
			}
		}
	}
	return errors.New("what was put was removed again and again before it could be named")
}

// pretend notes with each entry what would become of it.
func (p *Pipeline) pretend(ctx context.Context, to target, entries []*entry) error {
	found, err := to.find(ctx, p.db.Client, to.identities(entries))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.duplicate = found[to.identity(e)]; e.duplicate == 0 && e.refused == nil {
			e.image = &ent.Image{Width: e.picture.Width, Height: e.picture.Height, Size: e.picture.size}
		}
	}
	return nil
}

// Room returns nil when there is room in the workspace for so much more in a dataset, or else a fault.QuotaExceeded.
func (p *Pipeline) Room(ctx context.Context, dataset gid.DatasetID, more quota.Size) error {
	tally, err := p.tallies.Open(ctx, dataset)
	if err != nil {
		return err
	}
	defer tally.Close()
	return p.db.Write(ctx, func(ctx context.Context, tx *ent.Tx) error { return tally.Check(ctx, tx, more) })
}

// outcome is what a transaction did.
type outcome struct {
	lost   []*entry   // whose bytes are not there: then nothing was done
	fits   quota.Size // what they are a part of, if it is that there seemed to be no room
	images map[*entry]*ent.Image
	found  map[*entry]gid.ImageID // of the same bytes, there before
}

func (o outcome) note(entries []*entry) {
	for _, img := range o.images {
		img.Unwrap() // from the transaction, which is over
	}
	for _, e := range entries {
		e.image, e.duplicate = o.images[e], o.found[e]
	}
}

// insist reserves the room that there is after all.
func (o outcome) insist(t *quota.Tally) error {
	if o.fits == (quota.Size{}) {
		return nil
	}
	if err := t.Insist(o.fits, sizeOf(o.lost)); err != nil {
		return err
	}
	for _, e := range o.lost {
		e.reserved = e.picture.quota()
	}
	return nil
}

// write makes the rows. Much can have happened while pixels were looked at.
func (p *Pipeline) write(ctx context.Context, tx *ent.Tx, to target, entries []*entry) (outcome, error) {
	if err := allow(ctx, tx.Client(), to.dataset, inputsOf(entries), to.at); err != nil {
		return outcome{}, err
	}
	if err := p.db.ShareDataset(ctx, tx, to.dataset); err != nil {
		return outcome{}, err
	}
	lost, err := claim(ctx, tx, entries)
	if err != nil || len(lost) > 0 {
		return outcome{lost: lost}, err
	}
	found, err := to.find(ctx, tx.Client(), to.identities(entries))
	if err != nil {
		return outcome{}, err
	}
	fresh, lost := to.sort(entries, found)
	if len(lost) > 0 {
		return outcome{lost: lost}, nil
	}
	size := sizeOf(fresh)
	if err := to.tally.Check(ctx, tx, size); err != nil {
		return outcome{}, err
	}
	if lost := notStored(fresh); len(lost) > 0 {
		return outcome{lost: lost, fits: size}, nil
	}
	if err := quota.Count(ctx, tx, to.dataset, size); err != nil {
		return outcome{}, err
	}
	to.settle(entries, size)
	rows, err := insert(ctx, tx, to.dataset, fresh)
	if err != nil {
		return outcome{}, err
	}
	done := outcome{images: make(map[*entry]*ent.Image, len(rows)), found: make(map[*entry]gid.ImageID)}
	for i, e := range fresh {
		done.images[e] = rows[i]
		if to.duplicates != "" {
			found[to.identity(e)] = rows[i].ID
		}
	}
	for _, e := range entries {
		if id, ok := found[to.identity(e)]; ok && done.images[e] == nil {
			done.found[e] = id
		}
	}
	if to.duplicates == LinkDuplicates {
		err = link(ctx, tx, p.db.Dialect(), done.found)
	}
	return done, err
}

// settle notes that the fresh ones of the entries, of that size, are added: nothing needs to be reserved for any of them now.
func (to target) settle(entries []*entry, fresh quota.Size) {
	var reserved quota.Size
	for _, e := range entries {
		reserved = reserved.Plus(e.reserved)
		e.reserved = quota.Size{}
	}
	to.tally.Settle(fresh, reserved)
}

func notStored(entries []*entry) []*entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e *entry) bool { return e.picture.isStored() })
}

func sizeOf(entries []*entry) (size quota.Size) {
	for _, e := range entries {
		size = size.Plus(e.picture.quota())
	}
	return size
}

func inputsOf(entries []*entry) []ImageInput {
	inputs := make([]ImageInput, len(entries))
	for i, e := range entries {
		inputs[i] = e.ImageInput
	}
	return inputs
}

// claim makes sure that the bytes of pictures stay, and returns those whose bytes have not.
func claim(ctx context.Context, tx *ent.Tx, entries []*entry) (lost []*entry, err error) {
	var kept []object.Kept
	for _, e := range entries {
		if e.picture.isStored() {
			kept = append(kept, e.picture.kept)
		}
	}
	removed, err := object.Claim(ctx, tx, kept...)
	for _, e := range entries {
		if e.picture.isStored() && slices.Contains(removed, e.picture.kept.SHA256) {
			lost = append(lost, e)
		}
	}
	return lost, err
}

// sort returns the entries that are to become images: of those that are the same, the first. Lost are those that
// seemed to be in the dataset when they were hashed, and are not.
func (to target) sort(entries []*entry, found map[identity]gid.ImageID) (fresh, lost []*entry) {
	seen := make(map[identity]bool)
	for _, e := range entries {
		id := to.identity(e)
		_, is := found[id]
		switch {
		case to.duplicates != "" && (is || seen[id]):
		case e.picture.known:
			lost = append(lost, e)
		default:
			seen[id] = true
			fresh = append(fresh, e)
		}
	}
	return fresh, lost
}

func insert(ctx context.Context, tx *ent.Tx, dataset gid.DatasetID, entries []*entry) ([]*ent.Image, error) {
	return tx.Image.MapCreateBulk(entries, func(c *ent.ImageCreate, i int) {
		in, pic := entries[i].ImageInput, entries[i].picture
		format := formats[pic.Format]
		c.SetDatasetID(dataset).
			SetName(uuid.NewString() + format.extension).
			SetOriginalName(in.originalName()).
			SetSource(entries[i].source).
			SetSha256(pic.sum).
			SetObjectSha256(pic.kept.SHA256).
			SetSize(pic.size).
			SetWidth(pic.Width).
			SetHeight(pic.Height).
			SetFormat(format.column).
			SetPerceptualHash(int64(pic.hash)). //nolint:gosec // the same 64 bits
			SetNillablePrompt(in.Prompt).
			SetNillableNegativePrompt(in.NegativePrompt).
			SetNillableGenerationType(in.GenerationType).
			SetNillableIsSynthetic(in.IsSynthetic).
			SetNillableDone(in.Done).
			SetNillableReviewed(in.Reviewed).
			SetNillableSplit(in.Split).
			SetNillableBatchID(in.BatchID).
			SetNillableJobID(in.JobID).
			SetNillableBaseImageID(in.BaseImageID)
		if in.ExtraInformation != nil {
			c.SetExtraInformation(in.ExtraInformation)
		}
		if in.Tags != nil {
			c.SetTags(catalog.Tags(in.Tags))
		}
		if in.Metadata != nil {
			c.SetMetadata(catalog.Metadata(in.Metadata))
		}
	}).Save(ctx)
}

// formats says how each format is named in a row.
var formats = map[imaging.Format]struct {
	column    image.Format
	extension string
}{
	imaging.PNG:  {image.FormatPNG, ".png"},
	imaging.JPEG: {image.FormatJPEG, ".jpg"},
	imaging.WebP: {image.FormatWebP, ".webp"},
	imaging.GIF:  {image.FormatGIF, ".gif"},
}
