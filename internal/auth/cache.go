package auth

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/gid"
)

const (
	cacheTTL  = 4 * time.Second // of the 5 s in which access must end
	cacheSize = 1 << 14         // credentials
)

// cache remembers for a short time whose a credential is. It is keyed by a hash,
// so that it holds nothing that anybody could sign in with.
type cache struct {
	mu         sync.Mutex
	entries    *simplelru.LRU[credentialHash, entry]
	generation uint64 // rises whenever something is forgotten
}

type credentialHash [sha256.Size]byte

type entry struct {
	identity identity
	until    time.Time
}

// identity is whose a credential is, and which of their API keys if it is one.
type identity struct {
	access.Viewer
	apiKey gid.APIKeyID
}

func newCache() *cache {
	entries, _ := simplelru.NewLRU[credentialHash, entry](cacheSize, nil) // an error means a size below one
	return &cache{entries: entries}
}

// get returns the identity of a credential, if it is known at now, and the
// generation to put it with otherwise.
func (c *cache) get(key credentialHash, now time.Time) (id identity, generation uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries.Get(key)
	return e.identity, c.generation, ok && now.Before(e.until)
}

// put remembers what was read in a generation, unless something was forgotten
// since: what was read may then be what had to be forgotten.
func (c *cache) put(key credentialHash, generation uint64, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation == c.generation {
		c.entries.Add(key, e)
	}
}

// forget removes the identities that match. It looks at each: they are few,
// and it is rare.
func (c *cache) forget(match func(identity) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	for _, key := range c.entries.Keys() {
		if e, _ := c.entries.Peek(key); match(e.identity) {
			c.entries.Remove(key)
		}
	}
}
