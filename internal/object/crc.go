package object

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/datasetgen/datagen/ent"
	"github.com/datasetgen/datagen/ent/object"
	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/database"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/storage"
)

// CRCs are checksums of bytes that archives have of them.
type CRCs struct {
	IEEE       uint32 // CRC-32, which zips have
	Castagnoli uint32 // CRC-32C, which TFRecords have
}

// readCRCs reads r to its end.
func readCRCs(r io.Reader) (CRCs, error) {
	ieee, castagnoli := crc32.NewIEEE(), crc32.New(crc32.MakeTable(crc32.Castagnoli))
	_, err := io.Copy(io.MultiWriter(ieee, castagnoli), r)
	return CRCs{ieee.Sum32(), castagnoli.Sum32()}, err
}

// crcsOf reads r from its beginning, and goes back there.
func crcsOf(r io.ReadSeeker) (CRCs, error) {
	crcs, err := readCRCs(r)
	if err != nil {
		return CRCs{}, err
	}
	_, err = r.Seek(0, io.SeekStart)
	return crcs, err
}

// FindCRCs reads an object that was put before there were CRCs of objects, and notes what they are.
func FindCRCs(ctx context.Context, db *database.DB, store storage.Store, sum string) (crcs CRCs, err error) {
	defer fault.Wrap(&err, "find the CRCs of object %s", sum)

	key, err := storage.ObjectKey(sum)
	if err != nil {
		return CRCs{}, err
	}
	content, _, err := store.Open(ctx, key)
	if err != nil {
		return CRCs{}, fmt.Errorf("%v", err) //nolint:errorlint // its row is there: it is not the request's fault
	}
	defer content.Close()
	if crcs, err = readCRCs(content); err != nil {
		return CRCs{}, err
	}
	return crcs, db.Write(access.System(ctx), func(ctx context.Context, tx *ent.Tx) error {
		return tx.Object.Update().Where(object.ID(sum)).SetCrc32(int64(crcs.IEEE)).SetCrc32c(int64(crcs.Castagnoli)).Exec(ctx)
	})
}
