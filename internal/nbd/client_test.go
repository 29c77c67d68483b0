package nbd_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/nbd"
)

// words encodes integers in the order of the network.
func words(values ...any) []byte {
	var b bytes.Buffer
	for _, v := range values {
		switch v := v.(type) {
		case string:
			b.WriteString(v)
		case []byte:
			b.Write(v)
		default:
			_ = binary.Write(&b, binary.BigEndian, v)
		}
	}
	return b.Bytes()
}

const (
	replyMagic = uint64(0x3e889045565a9)
	chunkMagic = uint32(0x668e33ef)
)

func reply(option, kind uint32, data ...any) []byte {
	payload := words(data...)
	return words(replyMagic, option, kind, uint32(len(payload)), payload)
}

func chunk(cookie uint64, flags, kind uint16, data ...any) []byte {
	payload := words(data...)
	return words(chunkMagic, flags, kind, cookie, uint32(len(payload)), payload)
}

// The parts of a sound negotiation about an export of 1 MiB.
var (
	greeting   = words("NBDMAGIC", "IHAVEOPT", uint16(3))
	structured = reply(8, 1)
	context    = append(reply(10, 4, uint32(7), "base:allocation"), reply(10, 1)...)
	size       = reply(7, 3, uint16(0), uint64(1<<20), uint16(1))
	ack        = reply(7, 1)
	sound      = words(greeting, structured, context, reply(7, 3, uint16(3), uint32(1), uint32(4096), uint32(1<<25)), size, ack)
)

// scripted is a client of a server that says these bytes, whatever it is
// asked. What it was told goes to the channel once the client has closed.
func scripted(t *testing.T, says []byte) (*nbd.Client, <-chan []byte, error) {
	t.Helper()
	here, there := net.Pipe()
	heard := make(chan []byte, 1)
	go func() {
		received, _ := io.ReadAll(there)
		heard <- received
	}()
	go func() {
		_, _ = there.Write(says)
		// Whoever waits for more gets nothing.
		_ = here.SetReadDeadline(time.Unix(1, 0))
	}()
	client, err := nbd.New(here)
	if err == nil {
		t.Cleanup(func() { _ = client.Close() })
	}
	return client, heard, err
}

func TestNegotiation(t *testing.T) {
	t.Parallel()
	client, heard, err := scripted(t, sound)
	if err != nil {
		t.Fatal(err)
	}
	if client.Size() != 1<<20 {
		t.Errorf("size %d", client.Size())
	}
	_ = client.Close()
	want := words(uint32(3),
		"IHAVEOPT", uint32(8), uint32(0),
		"IHAVEOPT", uint32(10), uint32(27), uint32(0), uint32(1), uint32(15), "base:allocation",
		"IHAVEOPT", uint32(7), uint32(6), uint32(0), uint16(0),
		uint32(0x25609513), uint16(0), uint16(2), uint64(1), uint64(0), uint32(0))
	if diff := cmp.Diff(want, <-heard); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
}

func TestNegotiationFails(t *testing.T) {
	t.Parallel()
	for name, says := range map[string][]byte{
		"nothing":              nil,
		"another protocol":     []byte("220 mail.example.org ESMTP\r\n"),
		"old style":            words("NBDMAGIC", uint64(0x420281861253), uint64(1<<20)),
		"no fixed new style":   words("NBDMAGIC", "IHAVEOPT", uint16(2)),
		"with padding":         words("NBDMAGIC", "IHAVEOPT", uint16(1)),
		"no structured reply":  words(greeting, reply(8, 1<<31|1)),
		"no map":               words(greeting, structured, reply(10, 1)),
		"map refused":          words(greeting, structured, reply(10, 1<<31|1, "no such thing")),
		"another map":          words(greeting, structured, reply(10, 4, uint32(7), "base:other"), reply(10, 1)),
		"no export":            words(greeting, structured, context, reply(7, 1<<31|6, "export '' not present")),
		"no size":              words(greeting, structured, context, ack),
		"size out of range":    words(greeting, structured, context, reply(7, 3, uint16(0), uint64(1<<63), uint16(1)), ack),
		"size cut short":       words(greeting, structured, context, reply(7, 3, uint16(0), uint32(1)), ack),
		"answer to no option":  words(greeting, reply(9, 1)),
		"endless answer":       words(greeting, replyMagic, uint32(8), uint32(1), uint32(1<<31)),
		"not an answer":        words(greeting, uint64(1), uint32(8), uint32(1), uint32(0)),
		"answer that is early": words(greeting, reply(8, 3, uint16(0))),
	} {
		if _, _, err := scripted(t, says); err == nil || !strings.Contains(err.Error(), "NBD server") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestReadAt(t *testing.T) {
	t.Parallel()
	const cookie, done = 1, 1
	for name, test := range map[string]struct {
		says []byte
		want string
		err  string
	}{
		"at once":            {says: chunk(cookie, done, 1, uint64(512), "abcdefgh"), want: "abcdefgh"},
		"in parts":           {says: words(chunk(cookie, 0, 1, uint64(516), "efgh"), chunk(cookie, 0, 1, uint64(512), "abcd"), chunk(cookie, done, 0)), want: "abcdefgh"},
		"with a hole":        {says: words(chunk(cookie, 0, 2, uint64(512), uint32(6)), chunk(cookie, done, 1, uint64(518), "gh")), want: "\x00\x00\x00\x00\x00\x00gh"},
		"less than asked":    {says: chunk(cookie, done, 1, uint64(512), "abcd"), err: "broke the protocol"},
		"more than asked":    {says: chunk(cookie, done, 1, uint64(512), "abcdefghi"), err: "broke the protocol"},
		"before":             {says: chunk(cookie, done, 1, uint64(511), "abcdefgh"), err: "broke the protocol"},
		"behind":             {says: chunk(cookie, done, 1, uint64(1<<60), "abcdefgh"), err: "broke the protocol"},
		"large hole":         {says: chunk(cookie, done, 2, uint64(512), uint32(9)), err: "broke the protocol"},
		"hole of odd form":   {says: chunk(cookie, done, 2, uint64(512), uint64(8)), err: "broke the protocol"},
		"no offset":          {says: chunk(cookie, done, 1, uint32(512)), err: "broke the protocol"},
		"another's":          {says: chunk(cookie+1, done, 1, uint64(512), "abcdefgh"), err: "broke the protocol"},
		"of another kind":    {says: chunk(cookie, done, 5, uint64(512), "abcdefgh"), err: "broke the protocol"},
		"simple reply":       {says: words(uint32(0x67446698), uint32(0), uint64(cookie), "abcdefgh", "padding so long"), err: "broke the protocol"},
		"nothing with bytes": {says: chunk(cookie, done, 0, "x"), err: "broke the protocol"},
		"refused":            {says: chunk(cookie, done, 1<<15|1, uint32(5), uint16(9), "bad block"), err: "bad block"},
		"refused in part": {
			says: words(chunk(cookie, 0, 1, uint64(512), "abcd"), chunk(cookie, 0, 1<<15|2, uint32(5), uint16(0), uint64(516)), chunk(cookie, done, 0)),
			err:  "input/output error",
		},
		"refused, with a wrong length": {says: chunk(cookie, done, 1<<15|1, uint32(5), uint16(10), "bad block"), err: "broke the protocol"},
		"end":                          {says: chunk(cookie, done, 1, uint64(512), "abcdefgh")[:22], err: "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _, err := scripted(t, words(sound, test.says))
			if err != nil {
				t.Fatal(err)
			}
			p := bytes.Repeat([]byte{0xff}, 8)
			n, err := client.ReadAt(p, 512)
			if test.err == "" && (err != nil || n != 8 || string(p) != test.want) {
				t.Errorf("read %d bytes %q, %v", n, p, err)
			}
			if test.err != "" && (err == nil || n != 0 || !strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), "byte 512")) {
				t.Errorf("read %d bytes, error %v", n, err)
			}
		})
	}
}

func TestReadOutside(t *testing.T) {
	t.Parallel()
	client, _, err := scripted(t, sound)
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []int64{-1, 1 << 20, 1<<20 - 4} {
		if _, err := client.ReadAt(make([]byte, 8), off); err == nil {
			t.Errorf("8 bytes at %d were read", off)
		}
	}
	if n, err := client.ReadAt(nil, 1<<20); n != 0 || err != nil {
		t.Errorf("nothing at the end: %d, %v", n, err)
	}
}

func TestServerError(t *testing.T) {
	t.Parallel()
	client, _, err := scripted(t, words(sound, chunk(1, 1, 1<<15|1, uint32(28), uint16(0))))
	if err != nil {
		t.Fatal(err)
	}
	var refused *nbd.ServerError
	if _, err := client.ReadAt(make([]byte, 8), 0); !errors.As(err, &refused) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
}

func TestExtents(t *testing.T) {
	t.Parallel()
	const cookie, done = 1, 1
	extent := func(length, flags uint32) []byte { return words(length, flags) }
	for name, test := range map[string]struct {
		says []byte
		want []nbd.Extent
	}{
		"one":           {says: chunk(cookie, done, 5, uint32(7), extent(4096, 0)), want: []nbd.Extent{{Length: 4096}}},
		"some":          {says: chunk(cookie, done, 5, uint32(7), extent(512, 0), extent(1024, 3), extent(512, 1)), want: []nbd.Extent{{Length: 512}, {Length: 1024, Zero: true}, {Length: 512}}},
		"joined":        {says: chunk(cookie, done, 5, uint32(7), extent(512, 2), extent(1024, 3)), want: []nbd.Extent{{Length: 1536, Zero: true}}},
		"beyond":        {says: chunk(cookie, done, 5, uint32(7), extent(1<<30, 2), extent(1, 0)), want: []nbd.Extent{{Length: 8192, Zero: true}}},
		"none":          {says: chunk(cookie, done, 5, uint32(7))},
		"empty":         {says: chunk(cookie, done, 5, uint32(7), extent(0, 0))},
		"of other map":  {says: chunk(cookie, done, 5, uint32(8), extent(512, 0))},
		"half":          {says: chunk(cookie, done, 5, uint32(7), uint32(512))},
		"nothing":       {says: chunk(cookie, done, 0)},
		"data":          {says: chunk(cookie, done, 1, uint64(0), "abcd")},
		"refused":       {says: chunk(cookie, done, 1<<15|1, uint32(22), uint16(0))},
		"for ever long": {says: words(chunkMagic, uint16(1), uint16(5), uint64(cookie), uint32(1<<31+4))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _, err := scripted(t, words(sound, test.says))
			if err != nil {
				t.Fatal(err)
			}
			got, err := client.Extents(0, 8192)
			if (err != nil) != (test.want == nil) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("extents (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzServer answers with anything: the client must come to an end, and must
// not take more memory than it was asked to fill.
func FuzzServer(f *testing.F) {
	f.Add(sound)
	f.Add(words(sound, chunk(1, 0, 5, uint32(7), uint32(512), uint32(0)), chunk(1, 1, 0), chunk(2, 1, 1, uint64(0), make([]byte, 64))))
	f.Fuzz(func(t *testing.T, says []byte) {
		client, _, err := scripted(t, says)
		if err != nil {
			return
		}
		if extents, err := client.Extents(0, client.Size()); err == nil {
			sum := int64(0)
			for _, e := range extents {
				sum += e.Length
			}
			if sum <= 0 || sum > client.Size() {
				t.Errorf("%d bytes of %d are described", sum, client.Size())
			}
		}
		_, _ = client.ReadAt(make([]byte, 64), 0)
	})
}
