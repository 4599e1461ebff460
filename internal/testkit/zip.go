package testkit

import (
	"archive/zip"
	"bytes"
	"maps"
	"slices"
)

// Zip returns a zip of one file.
func Zip(name string, content []byte) []byte { return ZipOf(map[string][]byte{name: content}) }

// ZipOf returns a zip of files by their names, in the order of these.
func ZipOf(files map[string][]byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write(files[name])
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
