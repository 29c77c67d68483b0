package boot

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The frames are of guests under QEMU, cut after their addresses.
const (
	arpFrame    = "ffffffffffff 5254000a0b0c 0806 0001080006040001 5254000a0b0c c000020a 000000000000 c0000202"
	arpProbe    = "ffffffffffff 5254000a0b0c 0806 0001080006040001 5254000a0b0c 00000000 000000000000 c000020a"
	dhcpRequest = "ffffffffffff 525400123456 0800 450001ac0100000040117842 00000000 ffffffff 00440043"
	ipv6Frame   = "333300000002 5254000a0b0c 86dd 60000000 00103aff fe800000000000005054 00fffe0a0b0c ff020000000000000000000000000002"
	vlanFrame   = "ffffffffffff 5254000a0b0c 8100 0064 0806 0001080006040001 5254000a0b0c 0a000005 000000000000 0a000001"
	lldpFrame   = "0180c200000e 5254000a0b0c 88cc 0207"
)

func frameOf(t *testing.T, text string) []byte {
	t.Helper()
	frame, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(text), []byte(" "), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func TestSenderOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ frame, mac, address string }{
		"ARP":              {arpFrame, "52:54:00:0a:0b:0c", "192.0.2.10"},
		"ARP probe":        {arpProbe, "52:54:00:0a:0b:0c", ""},
		"request by DHCP":  {dhcpRequest, "52:54:00:12:34:56", ""},
		"IPv6":             {ipv6Frame, "52:54:00:0a:0b:0c", "fe80::5054:ff:fe0a:b0c"},
		"ARP in a VLAN":    {vlanFrame, "52:54:00:0a:0b:0c", "10.0.0.5"},
		"another protocol": {lldpFrame, "52:54:00:0a:0b:0c", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := frameOf(t, test.frame)
			mac, address, ok := senderOf(whole)
			if want, _ := netip.ParseAddr(test.address); mac != test.mac || address != want || !ok {
				t.Errorf("got %s, %s, %t", mac, address, ok)
			}
			for length := range whole { // none of them may panic
				if _, address, _ := senderOf(whole[:length]); address.IsValid() && address.String() != test.address {
					t.Errorf("of %d bytes: %s", length, address)
				}
			}
		})
	}
}

// discover is a request by DHCP with the options, as they are on the wire.
func discover(t *testing.T, options string) []byte {
	t.Helper()
	frame := frameOf(t, "ffffffffffff 525400123456 0800 450001480001000040110000 00000000 ffffffff 0044004301340000")
	frame = append(frame, make([]byte, 236)...)
	return append(frame, frameOf(t, "63825363 350101"+options+"ff")...)
}

// TestFirmwareIsNoGuest: what a firmware asks for a system to start is nothing that
// the guest's own system says.
func TestFirmwareIsNoGuest(t *testing.T) {
	t.Parallel()
	class := func(name string) string { return hex.EncodeToString(append([]byte{60, byte(len(name))}, name...)) }
	for name, test := range map[string]struct {
		options string
		guest   bool
	}{
		"SeaBIOS with iPXE": {class("PXEClient:Arch:00000:UNDI:002001"), false},
		"OVMF":              {"5d020007" + class("PXEClient:Arch:00007:UNDI:003000"), false},
		"OVMF, by HTTP":     {"00" + class("HTTPClient:Arch:00016:UNDI:003001"), false},
		"dhcpcd":            {class("dhcpcd-9.4.1:Linux-6.1.0-18-amd64:x86_64:GenuineIntel"), true},
		"without a class":   {"370401030c0f", true},
		"a broken option":   {"3cff50", true},
	} {
		whole := discover(t, test.options)
		if _, _, ok := senderOf(whole); ok != test.guest {
			t.Errorf("%s: the guest's: %t", name, ok)
		}
		for length := range whole { // none of them may panic
			senderOf(whole[:length])
		}
	}
}

// capture is frames as QEMU writes them.
func capture(frames ...[]byte) []byte {
	file := binary.LittleEndian.AppendUint32(nil, captureMagic)
	file = append(file, make([]byte, captureHeaderLength-4)...)
	for _, frame := range frames {
		file = append(file, make([]byte, 8)...)
		file = binary.LittleEndian.AppendUint32(file, uint32(len(frame)))
		file = binary.LittleEndian.AppendUint32(file, 1514)
		file = append(file, frame...)
	}
	return file
}

func TestTrafficFollows(t *testing.T) {
	t.Parallel()
	seen := &traffic{news: newNotice()}
	err := seen.follow(1, bytes.NewReader(capture(frameOf(t, dhcpRequest), frameOf(t, ipv6Frame), frameOf(t, arpFrame), frameOf(t, arpFrame))))
	if !errors.Is(err, io.EOF) {
		t.Errorf("ended with %v", err)
	}
	want := []Speaker{
		{Card: 1, MAC: "52:54:00:12:34:56"},
		{Card: 1, MAC: "52:54:00:0a:0b:0c", Addresses: []string{"192.0.2.10", "fe80::5054:ff:fe0a:b0c"}},
	}
	if diff := cmp.Diff(want, seen.seen()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	select {
	case <-seen.news:
	default:
		t.Error("nobody was told")
	}
}

func TestTrafficIsBounded(t *testing.T) {
	t.Parallel()
	seen := &traffic{news: newNotice()}
	var frames [][]byte
	for i := range 1000 {
		frame := frameOf(t, arpFrame)
		binary.BigEndian.PutUint16(frame[2*addressMAC+2+16:], uint16(i)) // in the address
		if i%2 == 0 {
			binary.BigEndian.PutUint16(frame[addressMAC+4:], uint16(i))
		}
		frames = append(frames, frame)
	}
	_ = seen.follow(0, bytes.NewReader(capture(frames...))) // the end of the reader
	speakers := seen.seen()
	if len(speakers) != maxSpeakers {
		t.Errorf("%d speakers are kept", len(speakers))
	}
	for _, s := range speakers {
		if len(s.Addresses) > maxAddresses {
			t.Errorf("%d addresses are kept", len(s.Addresses))
		}
	}
	for name, file := range map[string][]byte{
		"no capture":  []byte("GIF89a                         "),
		"a long line": append(capture(), bytes.Repeat([]byte{0xff}, 64)...),
	} {
		if err := (&traffic{news: newNotice()}).follow(0, bytes.NewReader(file)); !errors.Is(err, errNoCapture) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
