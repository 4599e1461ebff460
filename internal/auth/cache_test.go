package auth

import (
	"testing"
	"time"

	"github.com/datasetgen/datagen/internal/access"
)

func TestCache(t *testing.T) {
	t.Parallel()
	start := time.Now()
	ana := entry{identity: identity{Viewer: access.Viewer{UserID: 1}}, until: start.Add(time.Second)}
	everybody := func(identity) bool { return true }
	for name, tt := range map[string]struct {
		before func(c *cache, generation uint64)
		at     time.Time
		want   bool
	}{
		"remembered":               {func(c *cache, g uint64) { c.put(credentialHash{}, g, ana) }, start, true},
		"too old":                  {func(c *cache, g uint64) { c.put(credentialHash{}, g, ana) }, ana.until, false},
		"of another":               {func(c *cache, g uint64) { c.put(credentialHash{1}, g, ana) }, start, false},
		"forgotten":                {func(c *cache, g uint64) { c.put(credentialHash{}, g, ana); c.forget(everybody) }, start, false},
		"forgotten while read":     {func(c *cache, g uint64) { c.forget(everybody); c.put(credentialHash{}, g, ana) }, start, false},
		"another one is forgotten": {func(c *cache, g uint64) { c.put(credentialHash{}, g, ana); c.forget(isUser2) }, start, true},
	} {
		c := newCache()
		_, generation, _ := c.get(credentialHash{}, start)
		tt.before(c, generation)
		if id, _, ok := c.get(credentialHash{}, tt.at); ok != tt.want || ok && id != ana.identity {
			t.Errorf("%s: %v, %t, want %t", name, id, ok, tt.want)
		}
	}
}

func isUser2(id identity) bool { return id.UserID == 2 }
