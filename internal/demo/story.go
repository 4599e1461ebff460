package demo

import (
	"context"

	"github.com/datasetgen/datagen/ent/annotation"
	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
)

// label is one with the prompt to generate more of its kind.
func label(order int, name, color, prompt string) catalog.CreateLabelInput {
	negative := negativePrompt
	return catalog.CreateLabelInput{Name: name, Color: color, Order: &order, Prompt: &prompt, NegativePrompt: &negative}
}

func harbourLabels() []catalog.CreateLabelInput {
	return []catalog.CreateLabelInput{
		label(1, boat, "#e4572e", "a boat on calm water"),
		label(2, buoy, "#f3a712", "a buoy on calm water"),
		label(3, house, "#8e5bd6", "a small house by the sea"),
		label(4, lighthouse, "#17a2b8", "a striped lighthouse on the shore"),
		label(5, tree, "#2e933c", "a tree on a green hill"),
		label(6, sun, "#ffc83d", "the sun in a clear sky"),
	}
}

func nightSkyLabels() []catalog.CreateLabelInput {
	return []catalog.CreateLabelInput{
		label(1, star, "#ffb703", "a star of five points"),
		label(2, moon, "#5bc0eb", "the full moon"),
		label(3, planet, "#e07a5f", "a planet with a ring"),
	}
}

// harbour makes the larger dataset, which is in the midst of being annotated.
func (t *team) harbour(ctx context.Context) (gid.DatasetID, error) {
	ctx = t.as(ctx, member.RoleOwner)
	description := "Boats, buoys and the shore: from a camera on the pier, a drone, and an image generator."
	p, err := t.start(ctx, catalog.CreateDatasetInput{Name: "Harbour", Description: &description}, harbourLabels())
	if err != nil {
		return 0, err
	}
	if err := p.invite(ctx, member.RoleAnnotator, member.RoleReviewer, member.RoleViewer); err != nil {
		return 0, err
	}
	return p.dataset, run(ctx, p.camera, p.generated, p.drone)
}

// camera is a batch that people are busy with: of its jobs one is reviewed, one done, one begun.
func (p *project) camera(ctx context.Context) error {
	shots := cameraShots()
	divide(shots[:12])
	batch, pictures, err := p.batch(ctx, "Pier camera", shots)
	if err != nil {
		return err
	}
	jobs, err := p.assign(ctx, batch, 6, member.RoleAnnotator, member.RoleReviewer)
	if err != nil {
		return err
	}
	first, second, begun, rest := pictures[:6], pictures[6:12], pictures[12:14], pictures[14:]
	return run(
		ctx,
		p.mark(member.RoleAnnotator, annotation.SourceManual, first),
		p.finish(member.RoleAnnotator, first, jobs[0]),
		p.accept(member.RoleReviewer, first, jobs[0]),
		p.mark(member.RoleReviewer, annotation.SourceManual, second),
		p.finish(member.RoleReviewer, second, jobs[1]),
		p.mark(member.RoleAnnotator, annotation.SourceManual, begun),
		p.finish(member.RoleAnnotator, begun),
		p.mark(member.RoleOwner, annotation.SourceModel, rest),
	)
}

// generated is a batch that came with its annotations, half of it checked, and what was made from it since.
func (p *project) generated(ctx context.Context) error {
	shots := generatedShots()
	divide(shots[:7])
	batch, pictures, err := p.batch(ctx, "Generated", shots)
	if err != nil {
		return err
	}
	variants, err := p.add(ctx, variantShots(), nil, pictures)
	if err != nil {
		return err
	}
	if _, err := p.assign(ctx, batch, 7, member.RoleAnnotator); err != nil {
		return err
	}
	return run(
		ctx,
		p.mark(member.RoleOwner, annotation.SourceImport, pictures),
		p.mark(member.RoleOwner, annotation.SourceImport, variants),
		p.finish(member.RoleAnnotator, pictures[:7]),
		p.accept(member.RoleReviewer, pictures[:3]),
	)
}

// drone is a batch that nobody works on yet. A model has gone over the first half.
func (p *project) drone(ctx context.Context) error {
	_, pictures, err := p.batch(ctx, "Drone", droneShots())
	if err != nil {
		return err
	}
	return run(ctx, p.mark(member.RoleOwner, annotation.SourceModel, pictures[:4]))
}

// nightSky makes the smaller dataset, a colleague's, in which all is done.
func (t *team) nightSky(ctx context.Context) error {
	ctx = t.as(ctx, member.RoleReviewer)
	description := "Stars, moons and planets, drawn by hand."
	p, err := t.start(ctx, catalog.CreateDatasetInput{Name: "Night sky", Description: &description}, nightSkyLabels())
	if err != nil {
		return err
	}
	if err := p.invite(ctx, member.RoleAnnotator); err != nil {
		return err
	}
	pictures, err := p.add(ctx, nightSkyShots(), nil, nil)
	if err != nil {
		return err
	}
	return run(
		ctx,
		p.mark(member.RoleAnnotator, annotation.SourceManual, pictures),
		p.finish(member.RoleAnnotator, pictures),
		p.accept(member.RoleReviewer, pictures),
	)
}
