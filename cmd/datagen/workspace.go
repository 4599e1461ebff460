package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/99designs/gqlgen/graphql"
	"github.com/urfave/cli/v3"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/workspace"
	"github.com/datasetgen/datagen/internal/admin"
	"github.com/datasetgen/datagen/internal/config"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/gid"
	"github.com/datasetgen/datagen/internal/quota"
)

func workspaceCommand(s surroundings) *cli.Command {
	return &cli.Command{
		Name:  "workspace",
		Usage: "list workspaces, and limit what they may hold",
		Commands: []*cli.Command{
			{
				Name:   "list",
				Usage:  "list all workspaces, with what they hold and may hold",
				Flags:  []cli.Flag{jsonFlag()},
				Action: func(ctx context.Context, cmd *cli.Command) error { return s.listWorkspaces(ctx, cmd.Bool("json")) },
			},
			{
				Name:  "limit",
				Usage: "limit what a workspace may hold",
				Description: `What it holds already stays. A limit that is "default" is the server's,
WORKSPACE_MAX_IMAGES or WORKSPACE_MAX_BYTES; one that is not given stays.

   datagen workspace limit --name team --max-images 100000 --max-bytes 50GB
   datagen workspace limit --name team --max-bytes default`,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "name", Usage: "`NAME` of the workspace", Required: true},
					&cli.StringFlag{Name: "max-images", Usage: "how many images: a `NUMBER`, or default"},
					&cli.StringFlag{Name: "max-bytes", Usage: "how many bytes of image files: a `SIZE` such as 50GB, or default"},
				},
				Action: s.limitWorkspace,
			},
		},
	}
}

// listedWorkspace is a workspace as the list shows them; a limit that is null is none.
type listedWorkspace struct {
	ID        int    `json:"id"`
	Name      string `json:"name"`
	Images    int    `json:"images"`
	Bytes     int64  `json:"bytes"`
	MaxImages *int   `json:"maxImages"`
	MaxBytes  *int64 `json:"maxBytes"`
}

func (s surroundings) listWorkspaces(ctx context.Context, asJSON bool) (err error) {
	ctx, a, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	list, err := a.workspaces(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(s.out).Encode(list)
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tIMAGES\tMAX IMAGES\tBYTES\tMAX BYTES")
	for _, w := range list {
		fmt.Fprintf(table, "%d\t%s\t%d\t%s\t%d\t%s\n", w.ID, w.Name, w.Images, limit(w.MaxImages), w.Bytes, limit(w.MaxBytes))
	}
	return table.Flush()
}

func (a *app) workspaces(ctx context.Context) ([]listedWorkspace, error) {
	rows, err := a.db.Workspace.Query().Order(workspace.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]gid.WorkspaceID, len(rows))
	for i, w := range rows {
		ids[i] = w.ID
	}
	usages, err := a.limits().Usage(ctx, a.db.Client, ids)
	if err != nil {
		return nil, err
	}
	list := make([]listedWorkspace, len(rows))
	for i, w := range rows {
		u := usages[w.ID]
		list[i] = listedWorkspace{int(w.ID), w.Name, u.Images, u.Bytes, u.MaxImages, u.MaxBytes}
	}
	return list, nil
}

// limits are those of workspaces that have none of their own.
func (a *app) limits() quota.Limits {
	return quota.Limits{Images: a.config.WorkspaceMaxImages, Bytes: int64(a.config.WorkspaceMaxBytes)}
}

func limit[N int | int64](n *N) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatInt(int64(*n), 10)
}

func (s surroundings) limitWorkspace(ctx context.Context, cmd *cli.Command) (err error) {
	in, err := limitsOf(cmd)
	if err != nil {
		return err
	}
	ctx, a, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	id, err := a.db.Workspace.Query().Where(workspace.Name(cmd.String("name"))).OnlyID(ctx)
	if ent.IsNotFound(err) {
		return fault.InvalidAt("there is no workspace of that name", "name")
	}
	if err != nil {
		return err
	}
	if _, err := admin.UpdateWorkspace(ctx, a.db, id, in); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "done")
	return nil
}

// byDefault stands for the limit that the server sets.
const byDefault = "default"

func limitsOf(cmd *cli.Command) (in admin.UpdateWorkspaceInput, err error) {
	images, bytes := cmd.String("max-images"), cmd.String("max-bytes")
	if images == "" && bytes == "" {
		return in, errors.New("give --max-images or --max-bytes")
	}
	switch images {
	case "":
	case byDefault:
		in.MaxImages = graphql.OmittableOf[*int](nil)
	default:
		n, err := strconv.Atoi(images)
		if err != nil {
			return in, fault.InvalidAt("want a number or default", "max-images")
		}
		in.MaxImages = graphql.OmittableOf(&n)
	}
	switch bytes {
	case "":
	case byDefault:
		in.MaxBytes = graphql.OmittableOf[*int64](nil)
	default:
		var size config.Size
		if err := size.UnmarshalText([]byte(bytes)); err != nil {
			return in, fault.InvalidAt(err.Error()+", or default", "max-bytes")
		}
		n := int64(size)
		in.MaxBytes = graphql.OmittableOf(&n)
	}
	return in, nil
}
