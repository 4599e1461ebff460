package upload

import (
	"context"
	"errors"
	"time"

	"github.com/datasetgen/datagen/ent/upload"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
)

const (
	// sweepPage is how many uploads one statement finds.
	sweepPage = 100
	// slack is how much longer parts are kept than uploads live: clocks differ, and a request may be under way.
	slack = time.Hour
)

// Sweep deletes the uploads that have expired, and parts that belong to none. It goes on after failures, and returns them.
func (s *Service) Sweep(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "sweep uploads")

	ctx = access.System(ctx)
	if err := s.sweepRows(ctx); err != nil {
		return err
	}
	return s.sweepParts(ctx)
}

func (s *Service) sweepRows(ctx context.Context) error {
	for {
		rows, err := s.db.Upload.Query().Where(upload.ExpiresAtLTE(database.Now())).Limit(sweepPage).All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if err := s.remove(ctx, row); err != nil {
				return err
			}
		}
	}
}

// sweepParts deletes the parts that are older than any upload gets: those that a process left behind which died before
// it could acknowledge them, or that could not be deleted with their upload.
func (s *Service) sweepParts(ctx context.Context) (failed error) {
	due := time.Now().Add(-lifetime - slack)
	for info, err := range s.store.List(ctx, "uploads/") {
		if err == nil && info.Modified.Before(due) {
			err = s.store.Delete(ctx, info.Key)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}
