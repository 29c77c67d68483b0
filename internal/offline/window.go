package offline

import "io"

// window is a part of a disk.
type window struct {
	disk         io.ReaderAt
	start, bytes int64
}

// ReadAt implements io.ReaderAt.
func (w *window) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= w.bytes {
		return 0, io.EOF
	}
	if rest := w.bytes - off; int64(len(p)) > rest {
		n, err := w.disk.ReadAt(p[:rest], w.start+off)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	return w.disk.ReadAt(p, w.start+off)
}
