package main

import (
	"context"
	"errors"
	"time"

	"github.com/datasetgen/datagen/internal/lease"
	"github.com/datasetgen/datagen/internal/object"
	"github.com/datasetgen/datagen/internal/quota"
	"github.com/datasetgen/datagen/internal/snapshot"
	"github.com/datasetgen/datagen/internal/stats"
)

// sweepLook is how often a process looks whether a sweep is due.
const sweepLook = time.Minute

// foldPeriod is how often a process folds what changes have added to stats, which whoever reads them adds up.
const foldPeriod = 10 * time.Second

// readsPeriod is how often a process tells how reads were answered.
const readsPeriod = time.Hour

// every does something again and again, until ctx is done.
func every(ctx context.Context, period time.Duration, do func()) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			do()
		}
	}
}

// foldStats folds stats, until ctx is done.
func (a *app) foldStats(ctx context.Context) {
	folder := stats.NewFolder(a.db)
	every(ctx, foldPeriod, func() {
		if err := folder.Fold(ctx); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "folding stats failed", "error", err)
		}
	})
}

// tellReads tells how many reads plans have answered, and how many the slower resolvers, now and then and in the end.
func (a *app) tellReads(ctx context.Context) {
	tell := func() {
		if r := a.reads(); r.Planned+r.Resolved > 0 {
			a.log.InfoContext(ctx, "reads since the start", "by_plans", r.Planned, "by_resolvers", r.Resolved, "failed_plans", r.Failed)
		}
	}
	every(ctx, readsPeriod, tell)
	tell()
}

// sweep does what is due in the background, until ctx is done. Of many processes one does so at a time.
func (a *app) sweep(ctx context.Context, p *pictures) {
	if a.config.GCInterval == 0 {
		return
	}
	every(ctx, min(sweepLook, a.config.GCInterval), func() {
		if err := a.sweepOnce(ctx, p); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "sweep failed", "error", err)
		}
	})
}

// sweepOnce does what is due: it gives up uploads and snapshots whose time is over, adds up counts, and removes what nothing names.
func (a *app) sweepOnce(ctx context.Context, p *pictures) error {
	_, err := lease.Do(ctx, a.db, "sweep", a.config.GCInterval, func(ctx context.Context) error {
		forgotten := snapshot.Sweep(ctx, a.db)
		report, err := object.NewSweeper(a.db, p.store, a.config.GCKeep).Sweep(ctx)
		if report.Removed > 0 {
			a.log.InfoContext(ctx, "removed pixels that nothing names", "objects", report.Removed, "bytes", report.RemovedBytes)
		}
		return errors.Join(forgotten, err, p.exports.Sweep(ctx), p.uploads.Sweep(ctx), quota.Fold(ctx, a.db), stats.NewFolder(a.db).Fold(ctx))
	})
	return err
}
