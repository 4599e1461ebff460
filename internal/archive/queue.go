package archive

import (
	"context"
	"errors"
	"hash/crc32"
	"io"

	"github.com/datasetgen/datagen/internal/export"
	"github.com/datasetgen/datagen/internal/storage"
)

// ahead is how many pieces are waiting to be written. Their objects are opened meanwhile, which takes as long as a store
// in a network does.
const ahead = 16

// job is something to write: a text, some bytes of an object, or some of the directory.
type job struct {
	text        []byte
	object      *export.Object
	content     *Stored
	first, last int64 // which bytes of the object or directory

	opened chan opened
}

type opened struct {
	content io.ReadSeekCloser
	err     error
}

// queue writes what is added to it, in that order.
type queue struct {
	ctx   context.Context //nolint:containedctx // of the one call that the queue belongs to
	store storage.Store
	jobs  chan job
	done  chan struct{} // closed when the writer has ended
	err   error         // why, once it has
}

func newQueue(ctx context.Context, store storage.Store, w io.Writer) *queue {
	q := &queue{ctx: ctx, store: store, jobs: make(chan job, ahead), done: make(chan struct{})}
	go func() {
		defer close(q.done)
		q.err = q.writeAll(w)
	}()
	return q
}

// add has a job done once those before it are. It returns the error of one of those.
func (q *queue) add(j job) error {
	if j.object != nil {
		j.opened = make(chan opened, 1)
		go q.open(j)
	}
	select {
	case q.jobs <- j:
		return nil
	case <-q.done:
		q.release(j)
		return errors.Join(q.err, io.ErrClosedPipe)
	}
}

// finish waits for all jobs and returns the first error.
func (q *queue) finish() error {
	close(q.jobs)
	<-q.done
	return q.err
}

func (q *queue) open(j job) {
	key, err := storage.ObjectKey(j.object.SHA256)
	if err != nil {
		j.opened <- opened{err: errObject(*j.object, err)}
		return
	}
	content, size, err := q.store.Open(q.ctx, key)
	if err == nil && size != j.object.Size {
		err = errors.Join(errors.New("has another size"), content.Close())
	}
	if err != nil {
		j.opened <- opened{err: errObject(*j.object, err)}
		return
	}
	j.opened <- opened{content: content}
}

// release closes what a job that is not done has opened.
func (q *queue) release(j job) {
	if j.opened == nil {
		return
	}
	if o := <-j.opened; o.err == nil {
		_ = o.content.Close() // nobody reads it
	}
}

// writeAll does jobs until there are no more. After an error it lets go of the rest.
func (q *queue) writeAll(w io.Writer) (err error) {
	buffer := make([]byte, 64<<10)
	for j := range q.jobs {
		if err != nil {
			q.release(j)
			continue
		}
		if err = q.write(w, j, buffer); err != nil {
			go q.drain()
			return err
		}
	}
	return err
}

// drain lets go of jobs that come after an error.
func (q *queue) drain() {
	for j := range q.jobs {
		q.release(j)
	}
}

func (q *queue) write(w io.Writer, j job, buffer []byte) error {
	switch {
	case j.object != nil:
		return q.writeObject(w, j, buffer)
	case j.content != nil:
		content, err := j.content.open(j.first)
		if err != nil {
			return err
		}
		_, err = io.CopyBuffer(w, io.LimitReader(content, j.last-j.first), buffer)
		return err
	}
	_, err := w.Write(j.text)
	return err
}

// writeObject writes some bytes of an object. If they are all of it, a last few are held back until the CRC is right.
func (q *queue) writeObject(w io.Writer, j job, buffer []byte) error {
	o := <-j.opened
	if o.err != nil {
		return o.err
	}
	defer o.content.Close()
	if _, err := o.content.Seek(j.first, io.SeekStart); err != nil {
		return errObject(*j.object, err)
	}
	crc, left := uint32(0), j.last-j.first
	for left > 0 {
		n, err := io.ReadFull(o.content, buffer[:min(left, int64(len(buffer)))])
		if err != nil {
			return errObject(*j.object, err)
		}
		crc = crc32.Update(crc, crc32.IEEETable, buffer[:n])
		left -= int64(n)
		if whole := j.last-j.first == j.object.Size; left == 0 && whole && crc != j.object.CRC32 {
			return errObject(*j.object, errors.New("has another CRC"))
		}
		if _, err := w.Write(buffer[:n]); err != nil {
			return err
		}
	}
	return nil
}
