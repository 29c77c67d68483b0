package drivers

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
)

// inf is what the installation file of a driver says.
type inf struct {
	// devices are the PCI devices that it is for, as VEN_1AF4&DEV_1001 with or
	// without what follows, each once.
	devices []string
	// catalogs are the files with its signatures, in lower case.
	catalogs []string
}

var (
	pciDevice   = regexp.MustCompile(`(?i)\bPCI\\(VEN_[0-9A-F]{4}&DEV_[0-9A-F]{4}[0-9A-Z_&]*)`)
	catalogFile = regexp.MustCompile(`(?im)^[ \t]*CatalogFile(?:\.[a-z0-9.]+)?[ \t]*=[ \t]*"?([^"\s;]+)`)
	comment     = regexp.MustCompile(`(?m);.*$`)
)

// readINF reads an installation file, in UTF-16 or of one byte a letter.
func readINF(data []byte) inf {
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		// What is no UTF-16 becomes the replacement character, which no name has.
		data, _ = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
	}
	text := comment.ReplaceAllString(strings.ReplaceAll(string(data), "\r\n", "\n"), "")
	var read inf
	for _, match := range pciDevice.FindAllStringSubmatch(text, -1) {
		read.devices = append(read.devices, strings.ToUpper(match[1]))
	}
	for _, match := range catalogFile.FindAllStringSubmatch(text, -1) {
		read.catalogs = append(read.catalogs, strings.ToLower(match[1]))
	}
	slices.Sort(read.devices)
	read.devices = slices.Compact(read.devices)
	return read
}

// drives says that a driver is for a device, whatever its revision or subsystem.
func (i inf) drives(device string) bool {
	return slices.ContainsFunc(i.devices, func(known string) bool { return known == device || strings.HasPrefix(known, device+"&") })
}
