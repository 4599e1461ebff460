package rest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// isKnown tags an answer to a request that reads, and tells whether the client has it already. The tag is weak, since the same JSON
// may go compressed or not.
func isKnown(answer, request http.Header, body []byte) bool {
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	answer.Set("ETag", "W/"+tag)
	answer.Set("Cache-Control", "private, no-cache") // kept by the client, who asks each time whether it is still so
	return isAmong(tag, request.Values("If-None-Match"))
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
