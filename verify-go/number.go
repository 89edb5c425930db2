package main

import (
	"math/big"
	"regexp"
	"strings"
)

// A number is a decimal, exactly: digits times ten to the minus scale.
type number struct {
	digits *big.Int
	scale  int
}

var plainDecimal = regexp.MustCompile(`^-?[0-9]+(?:\.[0-9]+)?$`)

func whole(value int64) number { return number{big.NewInt(value), 0} }

func readDecimal(text string) (number, bool) {
	if len(text) > 400 || !plainDecimal.MatchString(text) {
		return number{}, false
	}
	front, behind, _ := strings.Cut(text, ".")
	digits, ok := new(big.Int).SetString(front+behind, 10)
	return number{digits, len(behind)}, ok
}

// at has the digits of the number written with a larger scale.
func (n number) at(scale int) *big.Int {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale-n.scale)), nil)
	return power.Mul(power, n.digits)
}

func (n number) compare(other number) int {
	scale := max(n.scale, other.scale)
	return n.at(scale).Cmp(other.at(scale))
}

func (n number) apply(operator string, other number) number {
	if operator == "*" {
		return number{new(big.Int).Mul(n.digits, other.digits), n.scale + other.scale}
	}
	scale := max(n.scale, other.scale)
	a, b := n.at(scale), other.at(scale)
	if operator == "-" {
		return number{a.Sub(a, b), scale}
	}
	return number{a.Add(a, b), scale}
}

// fits says whether a result has at most the 400 digits that expressions are computed with.
func (n number) fits() bool {
	return len(strings.TrimRight(strings.TrimLeft(n.digits.String(), "-"), "0")) <= 400
}
