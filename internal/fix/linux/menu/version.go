package menu

import (
	"cmp"
	"strings"
)

// CompareVersions orders kernel versions as their numbers do: 5.9 is before
// 5.14, and a release candidate (6.1.0-rc1) before its release.
func CompareVersions(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a = versionPart(a)
		y, b = versionPart(b)
		if order := compareVersionParts(x, y); order != 0 {
			return order
		}
	}
	return 0
}

// versionPart takes the next run of digits or letters, without what separates
// it.
func versionPart(v string) (part, rest string) {
	v = strings.TrimLeftFunc(v, func(r rune) bool { return !isDigit(r) && !isLetter(r) })
	if v == "" {
		return "", ""
	}
	kind := isLetter
	if isDigit(rune(v[0])) {
		kind = isDigit
	}
	end := strings.IndexFunc(v, func(r rune) bool { return !kind(r) })
	if end < 0 {
		end = len(v)
	}
	return v[:end], v[end:]
}

// compareVersionParts: a number is after the end of the version, and letters
// are after the end too, but rc and its like are before it.
func compareVersionParts(x, y string) int {
	if order := cmp.Compare(partRank(x), partRank(y)); order != 0 {
		return order
	}
	if x != "" && isDigit(rune(x[0])) {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if order := cmp.Compare(len(x), len(y)); order != 0 {
			return order
		}
	}
	return cmp.Compare(x, y)
}

func partRank(part string) int {
	switch {
	case part == "rc", part == "alpha", part == "beta", part == "pre":
		return 0
	case part == "":
		return 1
	case isLetter(rune(part[0])):
		return 2
	}
	return 3
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
