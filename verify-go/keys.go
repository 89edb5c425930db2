package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"math/big"
)

var (
	prime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	curve = curveD()
)

func curveD() *big.Int {
	inverse := new(big.Int).ModInverse(big.NewInt(121666), prime)
	found := inverse.Mul(inverse, big.NewInt(-121665))
	return found.Mod(found, prime)
}

// publicKey reads 64 hex digits as an Ed25519 key; under one of small order a signature of anything
// can be made, so those are refused, as is every encoding but the canonical one.
func publicKey(digits string) (ed25519.PublicKey, string) {
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, "an Ed25519 public key has 32 bytes"
	}
	reversed := make([]byte, len(raw))
	for i, one := range raw {
		reversed[len(raw)-1-i] = one
	}
	reversed[0] &= 0x7f
	y := new(big.Int).SetBytes(reversed)
	if y.Cmp(prime) >= 0 {
		return nil, "the public key's encoding is not canonical"
	}
	one := big.NewInt(1)
	square := new(big.Int).Mul(y, y)
	square.Mod(square, prime)
	above := new(big.Int).Sub(square, one)
	above.Mod(above, prime)
	below := new(big.Int).Mul(curve, square)
	below.Add(below, one)
	x2 := below.ModInverse(below, prime)
	x2.Mul(x2, above)
	x2.Mod(x2, prime)
	if x2.Sign() == 0 || y.Sign() == 0 {
		return nil, "the public key has small order"
	}
	if big.Jacobi(x2, prime) != 1 {
		return nil, "the public key is no point of the curve"
	}
	// A point of order eight has x² = -y² (doubled, its y is 0).
	if new(big.Int).Mod(new(big.Int).Add(x2, square), prime).Sign() == 0 {
		return nil, "the public key has small order"
	}
	return ed25519.PublicKey(raw), ""
}
