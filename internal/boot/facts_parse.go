package boot

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The words of a report: one fact a line, a keyword and its values, each without
// a blank. It begins with the heading, and ends with the last line. Whatever is
// not of this form makes it worthless, since then something else speaks.
const (
	ReportHeading = "hyper2kvm-probe 1"
	reportEnd     = "end"
)

// What a guest can fill is bounded. Hosts of containers have hundreds of mounts.
const (
	maxReports    = 512 << 10 // bytes, of all that is read
	maxReportLine = 1 << 10   // bytes
	maxFacts      = 512       // of each kind
)

var (
	factName     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$`)
	factHostname = regexp.MustCompile(`^[A-Za-z0-9(][A-Za-z0-9._()-]{0,252}$`)
	factUnit     = regexp.MustCompile(`^[A-Za-z0-9:_.\\@-]{1,255}$`)
	factText     = regexp.MustCompile(`^[!-~]{1,900}$`)
)

var errFact = errors.New("it is not of the form that is agreed upon")

// ParseFacts reads the last whole report in what a guest has sent. There is none
// yet where complete is false.
func ParseFacts(text string) (facts Facts, complete bool, err error) {
	text = "\n" + text
	end := strings.LastIndex(text, "\n"+reportEnd+"\n")
	if end < 0 {
		return Facts{}, false, nil
	}
	start := strings.LastIndex(text[:end+1], "\n"+ReportHeading+"\n")
	if start < 0 {
		return Facts{}, false, fmt.Errorf("the probe's report: %w: it has no heading", errFact)
	}
	facts, err = parseReport(text[start+len(ReportHeading)+2 : end+1])
	return facts, err == nil, err
}

func parseReport(body string) (Facts, error) {
	var f Facts
	lines := 0
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		lines++
		if len(line) > maxReportLine {
			return Facts{}, fmt.Errorf("line %d of the probe's report: %w: it has %d bytes", lines, errFact, len(line))
		}
		keyword, rest, _ := strings.Cut(line, " ")
		if err := f.add(keyword, strings.Fields(rest)); err != nil {
			return Facts{}, fmt.Errorf("line %d of the probe's report: %w", lines, err)
		}
	}
	if f.Boot == "" {
		return Facts{}, fmt.Errorf("the probe's report: %w: it does not say how far the boot has come", errFact)
	}
	return f, nil
}

// add takes one line.
func (f *Facts) add(keyword string, values []string) error {
	switch keyword {
	case "boot":
		return one(values, func(v string) bool {
			f.Boot = Progress(v)
			return slices.Contains([]Progress{ProgressDone, ProgressRunning, ProgressDegraded, ProgressStarting, ProgressMaintenance}, f.Boot)
		})
	case "waiting":
		f.Waiting = true
		return one(values, func(v string) bool { return v == "addresses" })
	case "hostname":
		f.Hostname = strings.Join(values, " ")
		return one(values, factHostname.MatchString)
	case "kernel":
		f.Kernel = strings.Join(values, " ")
		return one(values, factText.MatchString)
	case "selinux":
		f.SELinux = strings.Join(values, " ")
		return one(values, func(v string) bool { return slices.Contains([]string{"enforcing", "permissive", "disabled"}, v) })
	case "seconds":
		return one(values, func(v string) (ok bool) {
			var err error
			f.Seconds, err = strconv.ParseFloat(v, 64)
			return err == nil && f.Seconds >= 0 && f.Seconds < 1e9
		})
	case "card":
		return f.addCard(values)
	case "address", "address6":
		return f.addAddress(keyword, values)
	case "unknown":
		f.AddressesUnknown = true
		return one(values, func(v string) bool { return v == "addresses" })
	case "route":
		return f.addRoute(values)
	case "mount":
		if len(values) != 3 || len(f.Mounts) >= maxFacts || !factText.MatchString(values[0]) || !factText.MatchString(values[2]) || !factName.MatchString(values[1]) {
			return errFact
		}
		f.Mounts = append(f.Mounts, Mount{Path: path.Clean(unescape(values[0])), Type: values[1], Source: unescape(values[2])})
		return nil
	case "swap":
		return list(&f.Swaps, values, factText)
	case "failed":
		return list(&f.Failed, values, factUnit)
	case "job":
		return list(&f.Jobs, values, factUnit)
	}
	return errFact
}

func one(values []string, fits func(string) bool) error {
	if len(values) != 1 || !fits(values[0]) {
		return errFact
	}
	return nil
}

func list(to *[]string, values []string, form *regexp.Regexp) error {
	if len(values) != 1 || len(*to) >= maxFacts || !form.MatchString(values[0]) {
		return errFact
	}
	*to = append(*to, unescape(values[0]))
	return nil
}

// addCard takes a name, "device" or "virtual", a hardware address or "-", and the
// kernel's word for its state.
func (f *Facts) addCard(values []string) error {
	if len(values) != 4 || len(f.Cards) >= maxFacts || !factName.MatchString(values[0]) || values[1] != "device" && values[1] != "virtual" {
		return errFact
	}
	card := Card{Name: values[0], Physical: values[1] == "device", Up: values[3] == "up" || values[3] == "unknown"}
	if address, err := net.ParseMAC(values[2]); err == nil && len(address) == 6 {
		card.MAC = address.String()
	} else if !factText.MatchString(values[2]) {
		return errFact
	}
	f.Cards = append(f.Cards, card)
	return nil
}

// addAddress takes a name and an address with its prefix, or with its netmask, or
// in the kernel's hexadecimal digits with a hexadecimal prefix.
func (f *Facts) addAddress(keyword string, values []string) error {
	if len(values) != 2 {
		return errFact
	}
	n := slices.IndexFunc(f.Cards, func(c Card) bool { return c.Name == values[0] })
	prefix, ok := readAddress(values[1])
	if keyword == "address6" {
		digits, bits, _ := strings.Cut(values[1], "/")
		raw, err := hex.DecodeString(digits)
		address, is6 := netip.AddrFromSlice(raw)
		length, lengthErr := strconv.ParseUint(bits, 16, 8)
		prefix = netip.PrefixFrom(address, int(length))
		ok = err == nil && lengthErr == nil && is6 && address.Is6() && prefix.IsValid()
	}
	if !ok {
		return errFact
	}
	if n < 0 {
		return nil // of an interface that has just come
	}
	if len(f.Cards[n].Addresses) >= maxFacts {
		return errFact
	}
	f.Cards[n].Addresses = append(f.Cards[n].Addresses, prefix)
	return nil
}

func readAddress(text string) (netip.Prefix, bool) {
	address, length, hasLength := strings.Cut(text, "/")
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Zone() != "" {
		return netip.Prefix{}, false
	}
	if !hasLength {
		return netip.PrefixFrom(ip, ip.BitLen()), true
	}
	if mask := net.ParseIP(length).To4(); mask != nil {
		bits, size := net.IPMask(mask).Size()
		return netip.PrefixFrom(ip, bits), size == ip.BitLen()
	}
	bits, err := strconv.Atoi(length)
	prefix := netip.PrefixFrom(ip, bits)
	return prefix, err == nil && prefix.IsValid()
}

// addRoute takes a name and a gateway in the kernel's hexadecimal digits: of IPv4
// in the byte order of the machine, which is little-endian on x86.
func (f *Facts) addRoute(values []string) error {
	if len(values) != 2 || len(f.Routes) >= maxFacts || !factName.MatchString(values[0]) {
		return errFact
	}
	raw, err := hex.DecodeString(values[1])
	if err != nil {
		return errFact
	}
	if len(raw) == net.IPv4len {
		slices.Reverse(raw)
	}
	gateway, ok := netip.AddrFromSlice(raw)
	if !ok {
		return errFact
	}
	if gateway.IsUnspecified() {
		gateway = netip.Addr{}
	}
	f.Routes = append(f.Routes, Route{Card: values[0], Gateway: gateway})
	return nil
}

// octal are the escapes of /proc/mounts and /proc/swaps: \040 is a blank.
var octal = regexp.MustCompile(`\\[0-3][0-7][0-7]`)

// unescape undoes those. What cannot be printed then stays as it was.
func unescape(field string) string {
	return octal.ReplaceAllStringFunc(field, func(escape string) string {
		if b, err := strconv.ParseUint(escape[1:], 8, 8); err == nil && b >= ' ' && b <= '~' {
			return string(rune(b))
		}
		return escape
	})
}
