package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// samples are blocks of many kinds, among them those that make one symbol, one
// distance or one length the only one.
func samples() map[string][]byte {
	source := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []byte {
		p := make([]byte, n)
		for i := range p {
			p[i] = byte(source.Uint32())
		}
		return p
	}
	var text strings.Builder
	for text.Len() < 64<<10 {
		fmt.Fprintf(&text, "%s %d\n", []string{"alpha", "beta", "gamma", "delta"}[source.IntN(4)], source.IntN(1000))
	}
	far := random(Window)
	mixed := append(random(20<<10), text.String()[:40<<10]...)
	return map[string][]byte{
		"empty":               {},
		"one byte":            {7},
		"three bytes":         []byte("abc"),
		"four bytes":          []byte("aaaa"),
		"eight bytes":         []byte("abcdabcd"),
		"zeroes":              make([]byte, 64<<10),
		"zeroes, odd length":  make([]byte, 12345),
		"random, large":       random(130 << 10),
		"text":                []byte(text.String()[:64<<10]),
		"text, large":         []byte(strings.Repeat(text.String(), 2)),
		"period of three":     bytes.Repeat([]byte("abc"), 9999),
		"as far as possible":  append(bytes.Clone(far), far...),
		"too far":             append(append(bytes.Clone(far), 1, 2), far...),
		"random, then text":   mixed,
		"skewed frequencies":  fibonacci(),
		"two symbols":         bytes.Map(func(r rune) rune { return 'a' + r%2 }, bytes.ToValidUTF8(random(30<<10), []byte("x"))),
		"every byte in order": bytes.Repeat(everyByte(), 100),
	}
}

func everyByte() []byte {
	p := make([]byte, 256)
	for i := range p {
		p[i] = byte(i)
	}
	return p
}

// fibonacci has bytes so frequent that an unlimited Huffman code would be
// longer than 15 bits, in an order that leaves no matches.
func fibonacci() []byte {
	var p []byte
	for a, b, symbol := 1, 1, byte(0); len(p)+a < 64<<10; a, b, symbol = b, a+b, symbol+1 {
		p = append(p, bytes.Repeat([]byte{symbol}, a)...)
	}
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
	return p
}

func encoder(t testing.TB, level int) *Encoder {
	t.Helper()
	e, err := NewEncoder(level)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const noLimit = 1 << 30

func inflate(t testing.TB, stream []byte) []byte {
	t.Helper()
	r := bytes.NewReader(stream)
	data, err := io.ReadAll(flate.NewReader(r))
	if err != nil {
		t.Fatalf("the stream of %d bytes cannot be read: %v", len(stream), err)
	}
	if r.Len() > 0 {
		t.Errorf("%d bytes follow the end of the stream", r.Len())
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	all := samples()
	for level := MinLevel; level <= MaxLevel; level++ {
		t.Run(fmt.Sprint(level), func(t *testing.T) {
			t.Parallel()
			e := encoder(t, level)
			for name, src := range all {
				stream := e.Encode(src, noLimit)
				if got := inflate(t, stream); !bytes.Equal(got, src) {
					t.Errorf("%s: %d bytes came back from %d", name, len(got), len(src))
				}
				if most := len(src) + len(src)/5000 + 11; len(stream) > most {
					t.Errorf("%s: %d bytes became %d, more than %d", name, len(src), len(stream), most)
				}
				// What came before must not matter.
				if fresh := encoder(t, level).Encode(src, noLimit); !bytes.Equal(fresh, stream) {
					t.Errorf("%s: the stream depends on the block before", name)
				}
			}
		})
	}
}

func TestMatchesStayInTheWindow(t *testing.T) {
	t.Parallel()
	for level := MinLevel; level <= MaxLevel; level++ {
		e := encoder(t, level)
		reached := 0
		for name, src := range samples() {
			src = src[:min(len(src), segment)]
			e.Encode(src, noLimit)
			at := 0
			for _, token := range e.tokens {
				if token.isMatch() {
					reached = max(reached, token.distance())
					if token.distance() > min(at, Window) || token.length() > maxMatch {
						t.Errorf("level %d, %s: a match at %d of %d bytes, %d back", level, name, at, token.length(), token.distance())
					}
				}
				at += token.length()
			}
			if at != len(src) {
				t.Errorf("level %d, %s: the tokens stand for %d bytes of %d", level, name, at, len(src))
			}
		}
		if reached != Window {
			t.Errorf("level %d never looks back further than %d bytes", level, reached)
		}
	}
}

func TestHigherLevelsAreSmaller(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"text", "random, then text"} {
		src, last := samples()[name], noLimit
		for level := MinLevel; level <= MaxLevel; level++ {
			size := len(encoder(t, level).Encode(src, noLimit))
			if size > last {
				t.Errorf("%s: level %d makes %d bytes, the level below %d", name, level, size, last)
			}
			last = size
		}
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	e := encoder(t, DefaultLevel)
	src := samples()["text"]
	size := len(e.Encode(src, noLimit))
	if e.Encode(src, size) != nil {
		t.Errorf("a stream of %d bytes was returned for a limit that it does not undercut", size)
	}
	if got := len(e.Encode(src, size+1)); got != size {
		t.Errorf("%d bytes, expected %d", got, size)
	}
	if e.Encode(samples()["random, large"], 64<<10) != nil {
		t.Error("random bytes were compressed")
	}
}

func TestLevelOutOfRange(t *testing.T) {
	t.Parallel()
	for _, level := range []int{-1, 0, 10} {
		if _, err := NewEncoder(level); err == nil {
			t.Errorf("level %d was accepted", level)
		}
	}
}

// TestTablesWrap runs the positions in the finder's tables over their end.
func TestTablesWrap(t *testing.T) {
	t.Parallel()
	src := samples()["text"]
	for _, level := range []int{1, 6, 9} {
		want := encoder(t, level).Encode(src, noLimit)
		e := encoder(t, level)
		e.Encode(src, noLimit)
		e.finder.base = 1<<32 - 5*segment&^(Window-1)
		for range 10 {
			if got := e.Encode(src, noLimit); !bytes.Equal(got, want) {
				t.Fatalf("level %d: the stream changed at position %#x", level, e.finder.base)
			}
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	for _, src := range samples() {
		f.Add(src[:min(len(src), 2000)], 300)
	}
	var encoders [MaxLevel + 1]*Encoder
	for level := MinLevel; level <= MaxLevel; level++ {
		encoders[level] = encoder(f, level)
	}
	f.Fuzz(func(t *testing.T, seed []byte, repeat int) {
		src := seed
		for n := repeat & 0x3ff; n > 0 && len(src) < 20<<10; n-- {
			src = append(src[:len(src):len(src)], seed[:len(seed)*n/0x400]...)
		}
		for level := MinLevel; level <= MaxLevel; level++ {
			if got := inflate(t, encoders[level].Encode(src, noLimit)); !bytes.Equal(got, src) {
				t.Errorf("level %d: %d bytes came back from %d", level, len(got), len(src))
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	src := samples()["random, then text"]
	for level := MinLevel; level <= MaxLevel; level++ {
		b.Run(fmt.Sprint(level), func(b *testing.B) {
			e := encoder(b, level)
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				e.Encode(src, noLimit)
			}
		})
	}
}
