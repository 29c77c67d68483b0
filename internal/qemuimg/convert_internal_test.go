package qemuimg

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProgressWriter(t *testing.T) {
	t.Parallel()
	var got []float64
	w := &progressWriter{report: func(p float64) { got = append(got, p) }}
	for _, chunk := range []string{
		"    (0.00/100%)\r    (1.", "02/100%)\r", "    (0.50/100%)\r", "noise\r\n", "    (nan/100%)x\r",
		"    (250.00/100%)\r", "    (100.00/100%)\r\n",
	} {
		if n, err := w.Write([]byte(chunk)); n != len(chunk) || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	if diff := cmp.Diff([]float64{0, 1.02, 100}, got); diff != "" {
		t.Error(diff)
	}
}

func TestProgressWriterForgetsEndlessLines(t *testing.T) {
	t.Parallel()
	w := &progressWriter{}
	for range 1000 {
		_, _ = w.Write(make([]byte, 1000))
	}
	if len(w.pending) > 100 {
		t.Errorf("%d bytes kept", len(w.pending))
	}
}
