package catalog

import "fmt"

// Weight is a number of bytes as people read it, in megabytes or gigabytes.
func Weight(bytes int64) string {
	if bytes >= 1e9 {
		return fmt.Sprintf("%.2f GB", float64(bytes)/1e9)
	}
	return fmt.Sprintf("%.2f MB", float64(bytes)/1e6)
}
