package storagetest

import (
	"context"
	"io"
	"iter"
	"sync"

	"github.com/datasetgen/datagen/internal/storage"
)

// Operation is what a store is asked to do.
type Operation string

// The operations that can be made to fail. Read is of what Open returned.
const (
	Put       Operation = "put"
	Open      Operation = "open"
	Read      Operation = "read"
	Stat      Operation = "stat"
	Delete    Operation = "delete"
	List      Operation = "list"
	SignedURL Operation = "signed URL"
)

// Fault is what goes wrong with an operation. One of Err, Short and Wrong says
// what; with none of them the operation is only as slow as Wait.
type Fault struct {
	At    int64                       // how many bytes of Put and Read go through before, or objects of List
	Err   error                       // what it fails with, which becomes a fault.Unavailable as in any store
	Done  bool                        // Err comes when all of Put or Delete is done, as if its answer were lost
	Short bool                        // the bytes end, without an error
	Wrong bool                        // the next byte is another
	Wait  func(context.Context) error // is called at first, and its error is the operation's
}

// FaultyStore does what the store it wraps does, but for its faults. It is safe
// for concurrent use.
type FaultyStore struct {
	storage.Store

	mu     sync.Mutex
	faults map[Operation]Fault
}

// Faulty returns a store that has no faults yet.
func Faulty(store storage.Store) *FaultyStore {
	return &FaultyStore{Store: store, faults: map[Operation]Fault{}}
}

// Break makes an operation fail from now on.
func (f *FaultyStore) Break(operation Operation, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults[operation] = fault
}

// Heal takes all faults away.
func (f *FaultyStore) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.faults)
}

// begin returns the fault of an operation, or the error that it starts with.
func (f *FaultyStore) begin(ctx context.Context, operation Operation) (Fault, error) {
	f.mu.Lock()
	fault := f.faults[operation]
	f.mu.Unlock()
	if fault.Wait != nil {
		if err := fault.Wait(ctx); err != nil {
			return fault, storage.Unreachable(err)
		}
	}
	if fault.Err != nil && fault.At == 0 && !fault.Done {
		return fault, storage.Unreachable(fault.Err)
	}
	return fault, nil
}

// end is the error of an operation that the store has done.
func (f Fault) end(err error) error {
	if err == nil && f.Done {
		return storage.Unreachable(f.Err)
	}
	return err
}

// Put implements storage.Store.
func (f *FaultyStore) Put(ctx context.Context, key storage.Key, r io.Reader, size int64) error {
	fault, err := f.begin(ctx, Put)
	if err != nil {
		return err
	}
	return fault.end(f.Store.Put(ctx, key, &faultyReader{r: r, fault: fault}, size))
}

// Open implements storage.Store.
func (f *FaultyStore) Open(ctx context.Context, key storage.Key) (io.ReadSeekCloser, int64, error) {
	if _, err := f.begin(ctx, Open); err != nil {
		return nil, 0, err
	}
	content, size, err := f.Store.Open(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	return &faultyContent{ReadSeekCloser: content, ctx: ctx, store: f}, size, nil
}

// Stat implements storage.Store.
func (f *FaultyStore) Stat(ctx context.Context, key storage.Key) (storage.Info, error) {
	if _, err := f.begin(ctx, Stat); err != nil {
		return storage.Info{}, err
	}
	return f.Store.Stat(ctx, key)
}

// Delete implements storage.Store.
func (f *FaultyStore) Delete(ctx context.Context, key storage.Key) error {
	fault, err := f.begin(ctx, Delete)
	if err != nil {
		return err
	}
	return fault.end(f.Store.Delete(ctx, key))
}

// List implements storage.Store.
func (f *FaultyStore) List(ctx context.Context, prefix string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		fault, err := f.begin(ctx, List)
		if err != nil {
			yield(storage.Info{}, err)
			return
		}
		var n int64
		for info, err := range f.Store.List(ctx, prefix) {
			if fault.Err != nil && n == fault.At {
				yield(storage.Info{}, storage.Unreachable(fault.Err))
				return
			}
			if !yield(info, err) {
				return
			}
			n++
		}
	}
}

// SignedURL implements storage.Store.
func (f *FaultyStore) SignedURL(ctx context.Context, key storage.Key, o storage.SignOptions) (string, error) {
	if _, err := f.begin(ctx, SignedURL); err != nil {
		return "", err
	}
	return f.Store.SignedURL(ctx, key, o)
}

// faultyReader reads from r with a fault.
type faultyReader struct {
	r     io.Reader
	fault Fault
	at    int64
}

func (f *faultyReader) Read(p []byte) (int, error) {
	ends := f.fault.Short || f.fault.Err != nil && !f.fault.Done
	left := max(0, f.fault.At-f.at)
	switch {
	case ends && left == 0 && f.fault.Short:
		return 0, io.EOF
	case ends && left == 0:
		return 0, storage.Unreachable(f.fault.Err)
	case ends:
		p = p[:min(left, int64(len(p)))]
	}
	n, err := f.r.Read(p)
	if wrong := f.fault.At - f.at; f.fault.Wrong && wrong >= 0 && wrong < int64(n) {
		p[wrong]++
	}
	f.at += int64(n)
	return n, err
}

// faultyContent is an open object that can't be read as it should.
type faultyContent struct {
	io.ReadSeekCloser

	ctx   context.Context
	store *FaultyStore
	at    int64
}

func (f *faultyContent) Read(p []byte) (int, error) {
	fault, err := f.store.begin(f.ctx, Read)
	if err != nil {
		return 0, err
	}
	n, err := (&faultyReader{f.ReadSeekCloser, fault, f.at}).Read(p)
	f.at += int64(n)
	return n, err
}

func (f *faultyContent) Seek(offset int64, whence int) (int64, error) {
	at, err := f.ReadSeekCloser.Seek(offset, whence)
	if err == nil {
		f.at = at
	}
	return at, err
}
