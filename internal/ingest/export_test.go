package ingest

import "github.com/datasetgen/datagen/internal/quota"

// Workers is how many pictures are in work at once.
func Workers() int { return workers() }

// SetQuota limits what workspaces may hold.
func (p *Pipeline) SetQuota(l quota.Limits) { p.tallies = quota.NewTallies(p.db, l) }
