package ingest

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"sync"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/fetch"
	"github.com/datasetgen/datagen/internal/gid"
)

// Fetcher gets what a URL names, as fetch.Fetcher does.
type Fetcher interface {
	Get(ctx context.Context, url string) (fetch.File, error)
}

// ImportURLs adds the pictures that URLs name to a dataset, and returns what became of each, in their order.
func (p *Pipeline) ImportURLs(ctx context.Context, dataset gid.DatasetID, urls []string, o ImportOptions, at fault.Places) (results []*ImportResult, err error) {
	defer fault.Wrap(&err, "import URLs into dataset %d", dataset)

	if err := checkURLs(urls, at); err != nil {
		return nil, err
	}
	if err := access.Allow(ctx, p.db.Client, dataset, access.EditImages); err != nil {
		return nil, err
	}
	v, _ := access.ViewerFrom(ctx)
	items, end := p.fetchAll(ctx, v.WorkspaceID, urls)
	defer end()
	err = p.importItems(ctx, target{dataset: dataset, duplicates: o.OnDuplicate, at: at}, o, items, collect(&results))
	if err != nil {
		return nil, err
	}
	return results, nil
}

func checkURLs(urls []string, at fault.Places) error {
	if len(urls) > MaxPictures {
		return fault.InvalidAt(fmt.Sprintf("at most %d pictures are allowed in one call", MaxPictures), at.Of(MaxPictures)...)
	}
	var c fault.Check
	for i, u := range urls {
		c.Text(&u, maxSource, at.Of(i)...)
	}
	return c.Err()
}

// downloads are files that are fetched, several at once.
type downloads struct {
	ctx    context.Context
	cancel context.CancelFunc
	coming chan *download // in the order of their URLs; closed once no more come
	begun  []*download    // all that were, once coming is closed
}

// fetchAll goes through files, each once it is there, so that whoever takes it need not wait. It begins to fetch when
// the first is asked for, in the places of a workspace. What it returns second is called in the end.
func (p *Pipeline) fetchAll(ctx context.Context, id gid.WorkspaceID, urls []string) (items iter.Seq2[item, error], end func()) {
	ctx, cancel := context.WithCancel(ctx)
	all := &downloads{ctx: ctx, cancel: cancel, coming: make(chan *download, len(urls))}
	begin := sync.OnceFunc(func() { go all.begin(p, id, urls) })
	items = func(yield func(item, error) bool) {
		begin()
		all.each(yield)
	}
	return items, func() {
		cancel()
		begin() // or nobody would close what is coming
		all.end()
	}
}

func (all *downloads) begin(p *Pipeline, id gid.WorkspaceID, urls []string) {
	defer close(all.coming)
	for _, u := range urls {
		free, err := p.fetches.take(all.ctx, id)
		if err != nil {
			return
		}
		d := &download{url: u, fetcher: p.fetcher, done: make(chan struct{}), free: free}
		all.begun = append(all.begun, d)
		go func() {
			defer close(d.done)
			d.file, d.err = d.fetcher.Get(all.ctx, u)
		}()
		all.coming <- d
	}
}

func (all *downloads) each(yield func(item, error) bool) {
	for d := range all.coming {
		<-d.done
		if !yield(d.item(), nil) {
			return
		}
	}
	if err := all.ctx.Err(); err != nil {
		yield(item{}, err)
	}
}

// end frees the places of what nobody has taken, once all that was begun has ended.
func (all *downloads) end() {
	for range all.coming { // until it is closed
	}
	for _, d := range all.begun {
		<-d.done
		d.free()
	}
}

// download is a file that is fetched. It has a place among those of the process until it has been looked at.
type download struct {
	url     string
	fetcher Fetcher
	done    chan struct{} // closed once the rest is known
	file    fetch.File
	err     error
	free    func()
}

func (d *download) item() item {
	return item{
		ImageInput: ImageInput{OriginalName: new(nameOf(d.file.Name))},
		name:       d.url,
		source:     withoutKeys(d.url),
		open:       d.open,
	}
}

// open returns the bytes, which are not kept: whoever opens the file again has it fetched again.
func (d *download) open(ctx context.Context) (*content, error) {
	if d.err != nil {
		d.free()
		return nil, d.err
	}
	c := inMemory(d.file.Content)
	if d.file.Content == nil {
		file, err := d.fetcher.Get(ctx, d.url)
		return inMemory(file.Content), err
	}
	d.file.Content = nil
	c.close = d.free
	return c, nil
}

// withoutKeys returns a URL without its query and fragment: signed ones open what they name to whoever has them.
func withoutKeys(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
