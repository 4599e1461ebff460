package asset

import (
	"strconv"
	"strings"
)

// Accepts tells whether the values of an Accept or Accept-Encoding header name
// what, and do not refuse it with a weight of 0. Wildcards do not count: every
// client but a browser sends them without meaning pages.
func Accepts(values []string, what string) bool { return Weight(values, what) > 0 }

// Weight is how much the values of such a header ask for what: from 0, not at all, to 1.
func Weight(values []string, what string) float64 {
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, params, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(name), what) {
			return weightIn(params)
		}
	}
	return 0
}

func weightIn(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		if weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
			return weight
		}
	}
	return 1
}
