package imaging

import (
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"

	"github.com/datasetgen/datagen/internal/fault"
)

// refusal is a fault.Invalid in words for the person who sent the picture. Its
// cause is for the log.
type refusal struct {
	says  string
	cause error
}

func (r *refusal) Error() string { return r.says }

func (r *refusal) Unwrap() []error { return []error{fault.Invalid, r.cause} }

// The causes of refusals that need no words of their own.
var (
	errStructure = errors.New("bad structure")
	errLimits    = errors.New("beyond the limits")
	errMagic     = errors.New("unknown magic bytes")
	errTooShort  = errors.New("too short for its pixels")
)

func unknown() error {
	return &refusal{"not a PNG, JPEG, WebP or GIF picture", errMagic}
}

func corrupted(cause error) error {
	return &refusal{"the picture is cut off or corrupted", cause}
}

// checkSize refuses more pixels than are accepted, and none.
func checkSize(width, height int64) error {
	if width < 1 || height < 1 {
		return &refusal{fmt.Sprintf("%d×%d pixels; at least 1 a side", width, height), errLimits}
	}
	if width > MaxSide || height > MaxSide || width*height > MaxPixels {
		says := fmt.Sprintf("%d×%d pixels; at most %d a side and %d megapixels", width, height, MaxSide, MaxPixels/1_000_000)
		return &refusal{says, errLimits}
	}
	return nil
}

// refuse turns the error of a codec into a refusal, unless it is one.
func refuse(err error) error {
	if _, ok := errors.AsType[*refusal](err); ok {
		return err
	}
	_, ofJPEG := errors.AsType[jpeg.UnsupportedError](err)
	_, ofPNG := errors.AsType[png.UnsupportedError](err)
	if ofJPEG || ofPNG {
		return &refusal{"a rare kind of picture that is not supported; save it anew with another program", err}
	}
	return corrupted(err)
}
