package demo

import "image/color"

// hour is the light that a scene lies in.
type hour struct {
	skyHigh, skyLow   color.NRGBA
	seaFar, seaNear   color.NRGBA
	hills, land, sand color.NRGBA
	cloud, glint      color.NRGBA
	sun               color.NRGBA // of no opacity when there is none
	sunHeight         float64     // of the way from the horizon up
	shade             color.NRGBA // what the colours of things go towards
	shadePercent      int         // and how far
	lit               bool        // windows and lamps
	starry            bool
}

// hours are the hours of a harbour's day, by what prompts call them.
var hours = map[string]hour{
	"at dawn": {
		skyHigh: rgb(0x6d83c4), skyLow: rgb(0xffdcc2), seaFar: rgb(0xe3bfc0), seaNear: rgb(0x4c6aa8),
		hills: rgb(0x9c97c4), land: rgb(0x5f7d68), sand: rgb(0xd9bfa4), cloud: faded(rgb(0xfff1ec), 170), glint: faded(rgb(0xffefe0), 90),
		sun: rgb(0xffe9b0), sunHeight: .24, shade: rgb(0x6a5f9a), shadePercent: 16,
	},
	"in the morning": {
		skyHigh: rgb(0x6fc3f3), skyLow: rgb(0xeaf8ff), seaFar: rgb(0x86d3df), seaNear: rgb(0x2483ad),
		hills: rgb(0xa6c8dc), land: rgb(0x82b86c), sand: rgb(0xf1deb0), cloud: faded(white, 215), glint: faded(white, 80),
		sun: rgb(0xfff0a0), sunHeight: .62, shade: white, shadePercent: 4,
	},
	"at noon": {
		skyHigh: rgb(0x2f97e6), skyLow: rgb(0xc6ebff), seaFar: rgb(0x45bcd6), seaNear: rgb(0x0d6499),
		hills: rgb(0x8ab4d3), land: rgb(0x6aad52), sand: rgb(0xf4dfa6), cloud: faded(white, 230), glint: faded(white, 80),
		sun: rgb(0xffe45c), sunHeight: .78, shade: white, shadePercent: 0,
	},
	"in the evening": {
		skyHigh: rgb(0xf08a52), skyLow: rgb(0xffe6ab), seaFar: rgb(0xf2bb7f), seaNear: rgb(0x8f5571),
		hills: rgb(0xcf9384), land: rgb(0x80734f), sand: rgb(0xe0b583), cloud: faded(rgb(0xfff0d6), 160), glint: faded(rgb(0xfff0c0), 95),
		sun: rgb(0xfff6cf), sunHeight: .30, shade: rgb(0xb5643c), shadePercent: 20,
	},
	"at sunset": {
		skyHigh: rgb(0x55397f), skyLow: rgb(0xff8f62), seaFar: rgb(0xe27e6d), seaNear: rgb(0x412a66),
		hills: rgb(0x84507f), land: rgb(0x46405e), sand: rgb(0x9a6d72), cloud: faded(rgb(0xff9e8a), 130), glint: faded(rgb(0xffd0a0), 95),
		sun: rgb(0xffd469), sunHeight: .20, shade: rgb(0x43285e), shadePercent: 26, lit: true,
	},
	"under clouds": {
		skyHigh: rgb(0x8d9eac), skyLow: rgb(0xe3e9ec), seaFar: rgb(0xa3b6bf), seaNear: rgb(0x4f6c7d),
		hills: rgb(0xb0bdc4), land: rgb(0x728c74), sand: rgb(0xc9c0a8), cloud: faded(rgb(0xf7f9fa), 190), glint: faded(white, 60),
		shade: rgb(0x8b99a3), shadePercent: 20,
	},
	"at dusk": {
		skyHigh: rgb(0x1f2f68), skyLow: rgb(0xa08cc0), seaFar: rgb(0x7a74b0), seaNear: rgb(0x172552),
		hills: rgb(0x4b4c8c), land: rgb(0x2b3a54), sand: rgb(0x5d5a78), cloud: faded(rgb(0x8f86bd), 120), glint: faded(rgb(0xc8c4f0), 60),
		shade: rgb(0x1c2a5c), shadePercent: 32, lit: true,
	},
	"at night": {
		skyHigh: rgb(0x0a1030), skyLow: rgb(0x2f4080), seaFar: rgb(0x24376e), seaNear: rgb(0x080e26),
		hills: rgb(0x1d2a5c), land: rgb(0x14213a), sand: rgb(0x2d3a58), cloud: faded(rgb(0x4a5a94), 90), glint: faded(rgb(0x9fb4ea), 44),
		shade: rgb(0x0b1436), shadePercent: 36, lit: true, starry: true,
	},
}
