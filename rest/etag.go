package rest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// writeRead answers a request that read something, with 304 when the client has it already. The tag is weak, since the same JSON may
// go compressed or not.
func writeRead(w http.ResponseWriter, r *http.Request, body []byte) {
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	w.Header().Set("ETag", "W/"+tag)
	w.Header().Set("Cache-Control", "private, no-cache") // kept by the client, who asks each time whether it is still so
	if isAmong(tag, r.Header.Values("If-None-Match")) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	writeBody(w, ok, body)
}

// isAmong compares as RFC 9110, 13.1.2, wants it: weak tags are as good as strong ones.
func isAmong(tag string, lists []string) bool {
	for _, list := range lists {
		for known := range strings.SplitSeq(list, ",") {
			if known = strings.TrimSpace(known); known == "*" || strings.TrimPrefix(known, "W/") == tag {
				return true
			}
		}
	}
	return false
}
