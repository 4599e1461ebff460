#!/bin/sh
# Makes the pictures of this folder, which Go has no encoders for, of four
# quarters: red, green, blue, and white or nothing. It needs python3 with Pillow,
# webpmux (Debian: webp) and convert (Debian: imagemagick).
set -eu
cd "$(dirname "$0")"
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

python3 - "$temp" <<'PYTHON'
import sys
from PIL import Image, ImageDraw

temp = sys.argv[1] + "/"

def scene(width=40, height=30, last=(255, 255, 255, 255)):
    picture = Image.new("RGBA", (width, height), last)
    draw = ImageDraw.Draw(picture)
    x, y = width // 2, height // 2
    draw.rectangle((0, 0, x - 1, y - 1), fill=(220, 30, 30, 255))
    draw.rectangle((x, 0, width - 1, y - 1), fill=(30, 200, 40, 255))
    draw.rectangle((0, y, x - 1, height - 1), fill=(30, 60, 220, 255))
    return picture

def opaque(*size, mode="RGB"):
    return scene(*size).convert("RGB").convert(mode)

def clear(width=40, height=30):
    return scene(width, height, last=(0, 0, 0, 0))

opaque().save("lossy.webp", quality=90, method=6)
opaque().save("lossless.webp", lossless=True, method=6)
clear().save("lossy-alpha.webp", quality=90, method=6)
clear().save("lossless-alpha.webp", lossless=True, method=6)
Image.new("RGB", (1, 1), (220, 30, 30)).save("1x1.webp", lossless=True)
opaque(640, 480).save("large-lossy.webp", quality=50, method=6)
opaque(1200, 900).save("large-lossless.webp", lossless=True, method=6)
clear(640, 480).save("large-lossy-alpha.webp", quality=50, method=6)

opaque().save("444.jpg", quality=90, subsampling=0)
opaque().save("422.jpg", quality=90, subsampling=1)
opaque().save("progressive.jpg", quality=90, progressive=True)
opaque(mode="L").save("gray.jpg", quality=90)
opaque(mode="CMYK").save("cmyk.jpg", quality=90)
opaque(640, 480).save("large-progressive.jpg", quality=30, progressive=True, subsampling=0)
opaque(640, 480, mode="CMYK").save("large-cmyk.jpg", quality=30)

opaque().save(temp + "scene.png")
opaque().save(temp + "second.webp", quality=60)
opaque(20, 16).save(temp + "lossy.webp", quality=90)
opaque(20, 16).save(temp + "lossless.webp", lossless=True)
clear(20, 16).save(temp + "lossy-alpha.webp", quality=90)
PYTHON

for kind in lossy lossless lossy-alpha; do
	webpmux -frame "$temp/$kind.webp" +100+8+6 -frame "$temp/second.webp" +100 -o "animated-$kind.webp"
done
convert "$temp/scene.png" -strip -interlace GIF interlaced.gif
convert "$temp/scene.png" -strip -interlace PNG -define png:color-type=2 interlaced.png
convert "$temp/scene.png" -strip -interlace PNG -define png:color-type=6 -define png:bit-depth=16 -depth 16 interlaced-16.png
