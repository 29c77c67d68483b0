package boot

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Speaker is who has sent frames from one of the machine's cards.
type Speaker struct {
	// Card is the card's place among the machine's, from 0.
	Card int
	MAC  string
	// Addresses are IPv4 and IPv6 addresses, in order.
	Addresses []string
}

// A guest that makes up senders is not followed beyond these.
const (
	maxSpeakers  = 16
	maxAddresses = 16
)

// traffic is what the machine's cards have sent.
type traffic struct {
	news notice

	mu       sync.Mutex
	speakers []Speaker
}

func (t *traffic) seen() []Speaker {
	t.mu.Lock()
	defer t.mu.Unlock()
	speakers := slices.Clone(t.speakers)
	for i := range speakers {
		speakers[i].Addresses = slices.Sorted(slices.Values(speakers[i].Addresses))
	}
	return speakers
}

const (
	captureMagic        = 0xa1b2c3d4
	captureHeaderLength = 24
	recordHeaderLength  = 16
)

var errNoCapture = errors.New("no capture of frames in the form of libpcap")

// follow reads the frames of one card, in the form of libpcap, until they end.
func (t *traffic) follow(card int, frames io.Reader) error {
	header := make([]byte, captureHeaderLength)
	if _, err := io.ReadFull(frames, header); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(header) != captureMagic {
		return errNoCapture
	}
	record := make([]byte, recordHeaderLength)
	frame := make([]byte, frameLength)
	for {
		if _, err := io.ReadFull(frames, record); err != nil {
			return err
		}
		length := binary.LittleEndian.Uint32(record[8:])
		if length > frameLength {
			return errNoCapture
		}
		if _, err := io.ReadFull(frames, frame[:length]); err != nil {
			return err
		}
		if mac, address, ok := senderOf(frame[:length]); ok {
			t.note(card, mac, address)
		}
	}
}

func (t *traffic) note(card int, mac string, address netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := slices.IndexFunc(t.speakers, func(s Speaker) bool { return s.Card == card && s.MAC == mac })
	if at < 0 {
		if len(t.speakers) >= maxSpeakers {
			return
		}
		at = len(t.speakers)
		t.speakers = append(t.speakers, Speaker{Card: card, MAC: mac})
		t.news.tell()
	}
	speaker := &t.speakers[at]
	if !address.IsValid() || len(speaker.Addresses) >= maxAddresses || slices.Contains(speaker.Addresses, address.String()) {
		return
	}
	speaker.Addresses = append(speaker.Addresses, address.String())
	t.news.tell()
}

// Kinds of frames, by their numbers (IEEE 802).
const (
	kindIPv4   = 0x0800
	kindARP    = 0x0806
	kindVLAN   = 0x8100
	kindIPv6   = 0x86dd
	addressMAC = 6 // bytes
)

// isNetworkBoot says that a packet is a request by DHCP of firmware that looks for
// a system to start: by its vendor class (RFC 2132, 9.13; the UEFI specification,
// 24.3.1 and 24.7.3).
func isNetworkBoot(packet []byte) bool {
	const udp, headerUDP, serverPort = 17, 8, 67
	const cookie, cookieLength = 236, 4 // in front of the options
	const pad, vendorClass, last = 0, 60, 255
	if len(packet) < 20 || packet[9] != udp {
		return false
	}
	message := packet[min(len(packet), int(packet[0]&0xf)*4):]
	if len(message) < headerUDP+cookie+cookieLength || binary.BigEndian.Uint16(message[2:]) != serverPort {
		return false
	}
	options := message[headerUDP+cookie+cookieLength:]
	for len(options) > 1 && options[0] != last {
		if options[0] == pad {
			options = options[1:]
			continue
		}
		end := 2 + int(options[1])
		if end > len(options) {
			return false
		}
		if class := string(options[2:end]); options[0] == vendorClass {
			return strings.HasPrefix(class, "PXEClient") || strings.HasPrefix(class, "HTTPClient")
		}
		options = options[end:]
	}
	return false
}

// senderOf returns who has sent a frame, where that is the guest's system. The
// address is not valid where the frame names none: one that asks for an address,
// for example, or whether one is free.
func senderOf(frame []byte) (mac string, address netip.Addr, ok bool) {
	const header = 2*addressMAC + 2
	if len(frame) < header {
		return "", netip.Addr{}, false
	}
	mac = strings.ToLower(net.HardwareAddr(frame[addressMAC : 2*addressMAC]).String())
	kind, rest := binary.BigEndian.Uint16(frame[2*addressMAC:]), frame[header:]
	if kind == kindIPv4 && isNetworkBoot(rest) {
		return "", netip.Addr{}, false
	}
	if kind == kindVLAN && len(rest) >= 4 {
		kind, rest = binary.BigEndian.Uint16(rest[2:]), rest[4:]
	}
	var from, length int
	switch kind {
	case kindIPv4:
		from, length = 12, net.IPv4len
	case kindARP:
		from, length = 14, net.IPv4len
	case kindIPv6:
		from, length = 8, net.IPv6len
	default:
		return mac, netip.Addr{}, true
	}
	if len(rest) < from+length {
		return mac, netip.Addr{}, true
	}
	address, _ = netip.AddrFromSlice(rest[from : from+length])
	if address.IsUnspecified() {
		return mac, netip.Addr{}, true
	}
	return mac, address, true
}
