// Package stats sums up repeated measurements.
package stats

import "slices"

// Summary is the spread of some values. It is zero where there are none.
type Summary struct {
	Count            int
	Min, Median, Max float64
}

// Of sums values up.
func Of(values []float64) Summary {
	if len(values) == 0 {
		return Summary{}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return Summary{Count: len(sorted), Min: sorted[0], Median: median, Max: sorted[len(sorted)-1]}
}

// Ratios sums up numerator / denominator of each round that has both. The two
// of one round ran one after the other, under the same conditions.
func Ratios(numerator, denominator map[int]float64) Summary {
	var ratios []float64
	for round, value := range numerator {
		if by := denominator[round]; by > 0 {
			ratios = append(ratios, value/by)
		}
	}
	return Of(ratios)
}

// Differences sums up a - b of each round that has both.
func Differences(a, b map[int]float64) Summary {
	var differences []float64
	for round, value := range a {
		if less, ok := b[round]; ok {
			differences = append(differences, value-less)
		}
	}
	return Of(differences)
}
