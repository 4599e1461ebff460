package ingest

// Workers is how many pictures are in work at once.
func Workers() int { return workers() }
