package testkit

import (
	"archive/zip"
	"bytes"
	"errors"
)

// Zip is a zip of one file. What writes to memory does not fail.
func Zip(name string, content []byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create(name)
	if err == nil {
		_, err = f.Write(content)
	}
	if err := errors.Join(err, z.Close()); err != nil {
		panic(err)
	}
	return b.Bytes()
}
