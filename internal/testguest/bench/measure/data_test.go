package measure

import (
	"bytes"
	"compress/flate"
	"io"
	"testing"
)

func TestDataIsHalfCompressible(t *testing.T) {
	const piece = 1 << 20
	var data, again bytes.Buffer
	for _, w := range []io.Writer{&data, &again} {
		if err := writeData(w, 3*piece+100, piece, 7); err != nil {
			t.Fatal(err)
		}
	}
	if data.Len() != 3*piece+100 {
		t.Fatalf("got %d bytes", data.Len())
	}
	if !bytes.Equal(data.Bytes(), again.Bytes()) {
		t.Error("the same seed gives different data")
	}
	if got := packed(t, data.Bytes()[:piece]); got < piece {
		t.Errorf("random data was compressed to %d of %d bytes", got, piece)
	}
	if got := packed(t, data.Bytes()[piece:2*piece]); got < piece/5 || got > piece*3/5 {
		t.Errorf("text was compressed to %d of %d bytes", got, piece)
	}
}

func packed(t *testing.T, data []byte) int {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}
