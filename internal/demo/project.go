package demo

import (
	"bytes"
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/datasetgen/datagen/ent/member"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/work"
)

// project is a dataset that the team works on.
type project struct {
	*team
	dataset gid.DatasetID
	labels  map[string]gid.LabelID
}

// picture is a shot that is in a dataset.
type picture struct {
	shot
	id gid.ImageID
}

// start makes a dataset with its labels.
func (t *team) start(ctx context.Context, in catalog.CreateDatasetInput, labels []catalog.CreateLabelInput) (*project, error) {
	datasets, err := catalog.CreateDatasets(ctx, t.DB, []catalog.CreateDatasetInput{in}, places("datasets"))
	if err != nil {
		return nil, err
	}
	d := datasets[0]
	made, err := catalog.CreateLabels(ctx, t.DB, d.ID, labels, places("labels"))
	if err != nil {
		return nil, err
	}
	p := &project{t, d.ID, make(map[string]gid.LabelID, len(made))}
	for _, l := range made {
		p.labels[l.Name] = l.ID
	}
	return p, nil
}

// places says where in a list of inputs the i-th is.
func places(list string) func(i int) []any {
	return func(i int) []any { return []any{list, i} }
}

// invite makes people members, as what they are in the harbour dataset.
func (p *project) invite(ctx context.Context, roles ...member.Role) error {
	members := make([]catalog.CreateMemberInput, len(roles))
	for i, role := range roles {
		members[i] = catalog.CreateMemberInput{UserID: p.users[role].ID, Role: role}
	}
	_, err := catalog.CreateMembers(ctx, p.DB, p.dataset, members, places("members"))
	return err
}

// batch makes a batch of shots.
func (p *project) batch(ctx context.Context, name string, shots []shot) (gid.BatchID, []picture, error) {
	batches, err := work.CreateBatches(ctx, p.DB, []work.CreateBatchInput{{DatasetID: p.dataset, Name: name}}, places("batches"))
	if err != nil {
		return 0, nil, err
	}
	b := batches[0]
	pictures, err := p.add(ctx, shots, &b.ID, nil)
	return b.ID, pictures, err
}

// assign cuts a batch into jobs for people, named by their roles in the harbour dataset.
func (p *project) assign(ctx context.Context, batch gid.BatchID, imagesPerJob int, to ...member.Role) ([]gid.JobID, error) {
	a := work.Assignment{ImagesPerJob: imagesPerJob}
	for _, role := range to {
		a.UserIDs = append(a.UserIDs, p.users[role].ID)
	}
	made, err := work.Assign(ctx, p.DB, batch, a)
	jobs := make([]gid.JobID, len(made))
	for i, j := range made {
		jobs[i] = j.ID
	}
	return jobs, err
}

// add adds shots to a batch, if one is given. Bases are the pictures that they were made from.
func (p *project) add(ctx context.Context, shots []shot, batch *gid.BatchID, bases []picture) ([]picture, error) {
	files, err := develop(ctx, shots)
	if err != nil {
		return nil, err
	}
	inputs := make([]ingest.ImageInput, len(shots))
	for i, s := range shots {
		if inputs[i], err = s.input(files[i]); err != nil {
			return nil, err
		}
		inputs[i].BatchID = batch
		if bases != nil {
			inputs[i].BaseImageID = &bases[s.base].id
		}
	}
	images, err := p.Ingest.Create(ctx, p.dataset, inputs, places("images"))
	if err != nil {
		return nil, err
	}
	pictures := make([]picture, len(shots))
	for i, s := range shots {
		pictures[i] = picture{s, images[i].ID}
	}
	return pictures, nil
}

func (s shot) input(file []byte) (ingest.ImageInput, error) {
	information, err := s.information()
	if err != nil {
		return ingest.ImageInput{}, err
	}
	in := ingest.ImageInput{
		File:             &graphql.Upload{File: bytes.NewReader(file), Filename: s.name, Size: int64(len(file))},
		ExtraInformation: information,
	}
	if s.split != "" {
		in.Split = &s.split
	}
	if s.synthetic() {
		negative, yes := negativePrompt, true
		in.Prompt, in.NegativePrompt = &s.prompt, &negative
		in.GenerationType, in.IsSynthetic = &s.generationType, &yes
	}
	return in, nil
}
