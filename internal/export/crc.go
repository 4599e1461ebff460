package export

// CombineCRC returns the CRC-32, for a polynomial in the reversed notation of hash/crc32, of bytes with the CRC a that are
// followed by length bytes with the CRC b. The method is zlib's (crc32_combine): appending zeros multiplies by a power of x.
func CombineCRC(polynomial, a, b uint32, length int64) uint32 {
	shift := uint32(1 << 31)  // 1
	square := uint32(1 << 23) // x⁸: a byte of zeros
	for ; length > 0; length >>= 1 {
		if length&1 == 1 {
			shift = multiply(polynomial, shift, square)
		}
		square = multiply(polynomial, square, square)
	}
	return multiply(polynomial, shift, a) ^ b
}

// multiply returns the product of two polynomials modulo a third one, the coefficient of the highest power in bit 0.
func multiply(polynomial, a, b uint32) (product uint32) {
	for bit := uint32(1 << 31); bit > 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry == 1 {
			b ^= polynomial
		}
	}
	return product
}
