package export

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strconv"
	"strings"
)

// tfRecord is what TensorFlow's Object Detection API trains from: records of tf.train.Example, see
// https://github.com/tensorflow/models/blob/master/research/object_detection/g3doc/using_your_own_dataset.md.
func tfRecord() Format {
	return Format{
		Name: "tfrecord", Title: "TFRecord", Parts: tfRecordParts,
		Check: func(d *Dataset, _ Options, img *Image) []Problem { return boxes.check(d, img) },
	}
}

func tfRecordParts(d *Dataset, _ Options) []Part {
	var labels []byte // whose ids begin at 1: 0 is the background
	for i, l := range d.Labels {
		labels = fmt.Appendf(labels, "item {\n  id: %d\n  name: %s\n}\n", i+1, strconv.QuoteToASCII(l.Name))
	}
	parts := []Part{Fixed{Name: "label_map.pbtxt", Content: labels}}
	names, of := splitsByName(d, "val")
	for _, name := range names {
		parts = append(parts, Series{
			Wanted: Wanted{Splits: of[name]}, MaxSize: shardSize, Name: func(shard int) string { return fmt.Sprintf("%s-%05d.tfrecord", name, shard) },
			Item: func(img *Image, _ Place) []Piece { return tfRecordOf(d, img) },
		})
	}
	return parts
}

// tfRecordOf is a record: its length, the CRC of that, an Example and the CRC of this. The picture is at its end, so that its
// CRC is made of that of what comes before and the picture's own.
func tfRecordOf(d *Dataset, img *Image) []Piece {
	text := tfExample(d, img)
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	length := binary.LittleEndian.AppendUint64(nil, uint64(int64(len(text))+img.Object.Size)) //nolint:gosec // no size is negative
	head := binary.LittleEndian.AppendUint32(slices.Clone(length), masked(crc32.Checksum(length, castagnoli)))
	sum := CombineCRC(crc32.Castagnoli, crc32.Checksum(text, castagnoli), img.Object.CRC32C, img.Object.Size)
	return []Piece{{Text: append(head, text...)}, {Object: &img.Object}, {Text: binary.LittleEndian.AppendUint32(nil, masked(sum))}}
}

// masked is a CRC as TFRecord has it: https://www.tensorflow.org/tutorials/load_data/tfrecord.
func masked(crc uint32) uint32 { return (crc>>15 | crc<<17) + 0xa282ead8 }

// tfExample is an Example but for the bytes of the picture, which are its end.
func tfExample(d *Dataset, img *Image) []byte {
	var sides [4][]float32
	var texts []string
	var classes []int64
	for i := range img.Annotations {
		a := &img.Annotations[i]
		box, ok := a.onImage()
		if !ok {
			continue
		}
		for i, v := range []float64{box.Left, box.Right, box.Top, box.Bottom} {
			sides[i] = append(sides[i], float32(v))
		}
		texts, classes = append(texts, d.Labels[a.Class].Name), append(classes, int64(a.Class+1))
	}
	var b []byte
	b = appendFeature(b, "image/filename", bytesList(img.FileName()))
	b = appendFeature(b, "image/source_id", bytesList(strconv.Itoa(int(img.ID))))
	b = appendFeature(b, "image/format", bytesList(strings.ToLower(string(img.Format))))
	b = appendFeature(b, "image/key/sha256", bytesList(img.Object.SHA256))
	b = appendFeature(b, "image/height", int64List(int64(img.Height)))
	b = appendFeature(b, "image/width", int64List(int64(img.Width)))
	for i, name := range []string{"xmin", "xmax", "ymin", "ymax"} {
		b = appendFeature(b, "image/object/bbox/"+name, floatList(sides[i]...))
	}
	b = appendFeature(b, "image/object/class/text", bytesList(texts...))
	b = appendFeature(b, "image/object/class/label", int64List(classes...))

	// The last one ends in bytes that are not here, whose length all messages around them count.
	size := int(img.Object.Size)
	list := appendTag(nil, 1, size)                         // BytesList.value
	feature := appendTag(nil, 1, len(list)+size)            // Feature.bytes_list
	value := appendTag(nil, 2, len(feature)+len(list)+size) // the value of the entry
	key := appendBytes(nil, 1, []byte("image/encoded"))     // and its key
	entry := len(key) + len(value) + len(feature) + len(list) + size
	b = slices.Concat(appendTag(b, 1, entry), key, value, feature, list)
	return append(appendTag(nil, 1, len(b)+size), b...) // Example.features
}

// appendFeature appends an entry of Features.feature.
func appendFeature(b []byte, name string, feature []byte) []byte {
	entry := appendBytes(appendBytes(nil, 1, []byte(name)), 2, feature)
	return appendBytes(b, 1, entry)
}

// bytesList, floatList and int64List are the kinds of Feature.

func bytesList(values ...string) []byte {
	var list []byte
	for _, v := range values {
		list = appendBytes(list, 1, []byte(v))
	}
	return appendBytes(nil, 1, list)
}

func floatList(values ...float32) []byte {
	var packed []byte
	for _, v := range values {
		packed = binary.LittleEndian.AppendUint32(packed, math.Float32bits(v))
	}
	return appendBytes(nil, 2, appendBytes(nil, 1, packed))
}

func int64List(values ...int64) []byte {
	var packed []byte
	for _, v := range values {
		packed = binary.AppendUvarint(packed, uint64(v)) //nolint:gosec // none is negative
	}
	return appendBytes(nil, 3, appendBytes(nil, 1, packed))
}

// appendTag begins a field of so many bytes, by https://protobuf.dev/programming-guides/encoding/.
func appendTag(b []byte, field, length int) []byte {
	const lengthDelimited = 2
	return binary.AppendUvarint(append(b, byte(field<<3|lengthDelimited)), uint64(length)) //nolint:gosec // no length is negative
}

func appendBytes(b []byte, field int, content []byte) []byte {
	return append(appendTag(b, field, len(content)), content...)
}
