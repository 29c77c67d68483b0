package measure

import (
	"bufio"
	"io"
	"math/rand/v2"
)

// textSize is how much different text there is: far more than any compressor
// looks back.
const textSize = 16 << 20

// writeData writes size bytes as disks hold them: pieces of pieceSize bytes, in
// turn ones that cannot be compressed, as media and archives, and ones that are
// text. The same seed gives the same data.
func writeData(w io.Writer, size, pieceSize int64, seed uint64) error {
	random := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	text := someText(random, textSize)
	buffered := bufio.NewWriterSize(w, 1<<20)
	for piece := int64(0); size > 0; piece++ {
		length := min(size, pieceSize)
		var err error
		if piece%2 == 0 {
			_, err = io.CopyN(buffered, random, length)
		} else {
			err = writeText(buffered, text, length, random)
		}
		if err != nil {
			return err
		}
		size -= length
	}
	return buffered.Flush()
}

// writeText writes parts of text that start anywhere.
func writeText(w io.Writer, text []byte, length int64, random *rand.ChaCha8) error {
	for length > 0 {
		start := random.Uint64() % uint64(len(text)/2)
		part := text[start:]
		part = part[:min(int64(len(part)), length)]
		if _, err := w.Write(part); err != nil {
			return err
		}
		length -= int64(len(part))
	}
	return nil
}

// someText is words in lines. As in a language, few words are frequent.
func someText(source rand.Source, size int) []byte {
	random := rand.New(source)
	words := make([][]byte, 5000)
	for n := range words {
		word := make([]byte, 2+random.IntN(9))
		for i := range word {
			word[i] = byte('a' + random.IntN(26))
		}
		words[n] = word
	}
	frequency := rand.NewZipf(random, 1.1, 4, uint64(len(words)-1))
	text := make([]byte, 0, size+16)
	for len(text) < size {
		text = append(text, words[frequency.Uint64()]...)
		if random.IntN(12) == 0 {
			text = append(text, '\n')
		} else {
			text = append(text, ' ')
		}
	}
	return text[:size]
}
