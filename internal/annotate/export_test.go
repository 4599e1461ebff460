package annotate

import (
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// ShapeLength is for tests.
const ShapeLength = shapeLength

// CheckShape is for tests.
func CheckShape(typ string, data rawjson.Object) fault.Fields { return checkShape(typ, data) }

// Arrange is for tests.
func Arrange(old []int64, now int64) []int64 { return arrange(old, now) }
