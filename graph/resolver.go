// Package graph is the GraphQL API.
//
// The schema has two halves: ent.graphql, generated from ent/schema, and the other
// *.graphql files, written by hand. Resolvers only translate; what they ask for is
// done in internal/.
package graph

import (
	"context"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/internal/auth"
	"github.com/datasetgen/datagen/internal/catalog"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/download"
	"github.com/datasetgen/datagen/internal/importer"
	"github.com/datasetgen/datagen/internal/ingest"
	"github.com/datasetgen/datagen/internal/quota"
)

// Resolver holds what the resolvers need.
type Resolver struct {
	DB             *database.DB
	Auth           *auth.Authority
	Ingest         *ingest.Pipeline
	Importer       *importer.Importer
	Media          Media
	Exports        *download.Service
	Quota          quota.Limits // of workspaces that have none of their own
	NearDuplicates *catalog.NearDuplicates
}

// Media tells where files are found.
type Media interface {
	// URL is where the file of an image is found by the viewer.
	URL(ctx context.Context, img *ent.Image) string
	// ThumbnailURL is where a picture about width pixels wide is.
	ThumbnailURL(ctx context.Context, img *ent.Image, width int) string
	// ArchiveURL is where the zip of a snapshot is found by the viewer, nil when there is none.
	ArchiveURL(ctx context.Context, snap *ent.Snapshot) *string
	// ArchivePath is the same from below the address of the server on.
	ArchivePath(ctx context.Context, snap *ent.Snapshot) *string
}
