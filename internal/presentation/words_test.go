package presentation

import "testing"

func TestSpell(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[float64]string{
		0: "0.00 s", 0.013: "0.01 s", 9.99: "9.99 s", 9.996: "10.0 s", 59.4: "59.4 s", 59.7: "1 min 0 s",
		245.67: "4 min 6 s", 3599.9: "1 h 0 min", 7290: "2 h 2 min",
	} {
		if got := Seconds(seconds); got != want {
			t.Errorf("Seconds(%v) = %q, want %q", seconds, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	if got, want := Printable("é\n\t\x1b[2J\r\u202e\u0085"), "é\n \ufffd[2J\ufffd\ufffd\ufffd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
