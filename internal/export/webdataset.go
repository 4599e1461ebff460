package export

import (
	"archive/tar"
	"bytes"
	"fmt"
	"path"
	"strconv"
	"time"
)

// webDataset is shards of the WebDataset library: https://github.com/webdataset/webdataset. A picture and its JSON lie next to
// each other in a tar, under one key.
func webDataset() Format {
	return Format{
		Name: "webdataset", Title: "WebDataset", Parts: webDatasetParts,
		Check: func(d *Dataset, _ Options, img *Image) []Problem { return everything.check(d, img) },
	}
}

// shardSize is after how many bytes the next shard begins.
const shardSize = 1 << 30

func webDatasetParts(d *Dataset, _ Options) (parts []Part) {
	head := jsonlDataset{Version: jsonlVersion, Name: d.Name, Description: d.Description, Labels: []jsonlLabel{}}
	for _, l := range d.Labels {
		head.Labels = append(head.Labels, jsonlLabel(l))
	}
	parts = append(parts, Fixed{Name: "dataset.json", Content: append(appendAnyJSON(nil, head), '\n')})
	names, of := splitsByName(d, "val")
	for _, name := range names {
		parts = append(parts, Series{
			Wanted: Wanted{Splits: of[name]}, MaxSize: shardSize, Name: func(shard int) string { return fmt.Sprintf("%s/%05d.tar", name, shard) },
			Item: func(img *Image, _ Place) []Piece { return webDatasetSample(d, img) },
			Tail: make([]byte, 2*tarBlock),
		})
	}
	return parts
}

const tarBlock = 512

// webDatasetSample is the two members of an image. Each has a JSON, so that all samples have the same keys.
func webDatasetSample(d *Dataset, img *Image) []Piece {
	text := jsonlImage(d, img)
	return []Piece{
		{Text: tarHeader(img.FileName(), img.Object.Size)},
		{Object: &img.Object},
		{Text: tarPadding(img.Object.Size)},
		{Text: tarHeader(img.Stem()+".json", int64(len(text)))},
		{Text: text},
		{Text: tarPadding(int64(len(text)))},
	}
}

// tarHeader is that of a file without owner and time.
func tarHeader(name string, size int64) []byte {
	var b bytes.Buffer
	err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: path.Clean(name), Size: size, Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR})
	if err != nil {
		panic("a tar that holds no " + name + " of " + strconv.FormatInt(size, 10) + " bytes") // names are ASCII and short, and sizes below 8 GB
	}
	return b.Bytes()
}

// tarPadding fills the last block of a file.
func tarPadding(size int64) []byte { return make([]byte, (tarBlock-size%tarBlock)%tarBlock) }
