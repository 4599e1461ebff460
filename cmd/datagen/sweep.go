package main

import (
	"context"
	"time"

	"github.com/datasetgen/datagen/internal/lease"
	"github.com/datasetgen/datagen/internal/object"
)

// sweepLook is how often a process looks whether a sweep is due.
const sweepLook = time.Minute

// sweep removes what nothing names any more, until ctx is done. Of many processes one does so at a time.
func (a *app) sweep(ctx context.Context, p *pictures) {
	if a.config.GCInterval == 0 {
		return
	}
	sweeper := object.NewSweeper(a.db, p.store, a.config.GCKeep)
	ticker := time.NewTicker(min(sweepLook, a.config.GCInterval))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		var report object.Report
		done, err := lease.Do(ctx, a.db, "sweep objects", a.config.GCInterval, func(ctx context.Context) (err error) {
			report, err = sweeper.Sweep(ctx)
			return err
		})
		switch {
		case ctx.Err() != nil:
		case err != nil:
			a.log.ErrorContext(ctx, "sweep failed", "error", err)
		case done && report.Removed > 0:
			a.log.InfoContext(ctx, "removed pixels that nothing names", "objects", report.Removed, "bytes", report.RemovedBytes)
		}
	}
}
