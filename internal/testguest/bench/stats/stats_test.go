package stats

import "testing"

func TestOf(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []float64
		want   Summary
	}{
		{"none", nil, Summary{}},
		{"one", []float64{4}, Summary{1, 4, 4, 4}},
		{"odd", []float64{9, 1, 4}, Summary{3, 1, 4, 9}},
		{"even", []float64{9, 1, 4, 6}, Summary{4, 1, 5, 9}},
	} {
		if got := Of(test.values); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestOfLeavesItsValuesInOrder(t *testing.T) {
	values := []float64{3, 1, 2}
	Of(values)
	if values[0] != 3 {
		t.Errorf("the values were sorted in place: %v", values)
	}
}

func TestDifferences(t *testing.T) {
	got := Differences(map[int]float64{1: 5, 2: 9, 3: 1}, map[int]float64{1: 3, 2: 5})
	if got != (Summary{Count: 2, Min: 2, Median: 3, Max: 4}) {
		t.Errorf("got %+v", got)
	}
}

func TestRatiosPairsRounds(t *testing.T) {
	ours := map[int]float64{1: 10, 2: 30, 3: 7}
	theirs := map[int]float64{1: 5, 2: 10, 4: 1}
	if got, want := Ratios(ours, theirs), (Summary{2, 2, 2.5, 3}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
