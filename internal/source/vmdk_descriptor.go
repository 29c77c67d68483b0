package source

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxDescriptor is how large a VMDK descriptor may be, in bytes. QEMU reads
// less than this of a descriptor file.
const maxDescriptor = 1<<20 - 1

// objectName is how descriptors on vSAN and on virtual volumes name their data,
// by an address or by the place of the datastore.
var objectName = regexp.MustCompile(`^(?:/vmfs/(?:volumes|devices)/)?(vsan|vvol):`)

// noParent is the content id of no image.
const noParent = 0xffffffff

// vmdkDescriptor is the text part of a VMDK image, as VMware's Virtual Disk
// Format 5.0 describes it.
type vmdkDescriptor struct {
	createType string
	cid        uint32
	parentCID  uint32
	parentHint string
	extents    []vmdkExtent
	// serial is the number under which VMware shows the disk to its guest, in
	// hexadecimal digits.
	serial string
	// encrypted says that VMware encrypts the data.
	encrypted bool
	// object is the address of data that lie in no file, on storage of VMware's
	// that keeps objects, or of a parent there.
	object string
	// extentFailure is why the list of extents cannot be used. It does not
	// matter inside a sparse image, where nobody follows the list and exporters
	// write what they like.
	extentFailure error
}

// vmdkExtent is one file that holds a part of the disk.
type vmdkExtent struct {
	kind, name string
	// sectors is the extent's length, offset where it begins in its file, both
	// in sectors.
	sectors, offset int64
}

func (d vmdkDescriptor) hasParent() bool { return d.parentCID != noParent }

var (
	extentWord = regexp.MustCompile(`^(?i:RW|RDONLY|NOACCESS)(\s|$)`)
	extentLine = regexp.MustCompile(`^RW[ \t]+([0-9]{1,18})[ \t]+([A-Z]+)(?:[ \t]+"([^"\x00-\x1f]+)"(?:[ \t]+([0-9]{1,18}))?)?[ \t]*$`)
	entryLine  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_.]*)[ \t]*=[ \t]*(?:"([^"]*)"|([^"]*))$`)
)

// parseDescriptor reads a descriptor strictly: wherever QEMU, which searches
// the text for words, could see something else, it is refused.
func parseDescriptor(text []byte) (vmdkDescriptor, error) {
	d := vmdkDescriptor{parentCID: noParent}
	text, _, _ = bytes.Cut(text, []byte{0})
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	for _, word := range []string{"createType", "parentFileNameHint", "parentCID"} {
		if bytes.Count(text, []byte(word)) > 1 {
			return d, fmt.Errorf("%s occurs more than once", word)
		}
	}
	seen, blank := map[string]bool{}, false
	for number, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		var err, extentErr error
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			if strings.Contains(line, "createType") || strings.Contains(line, "parentFileNameHint") {
				err = errors.New("a comment that looks like an entry")
			}
		case extentWord.MatchString(line) && blank:
			extentErr = errors.New("an extent behind an empty line, which QEMU reads twice; remove that line")
		case extentWord.MatchString(line):
			extentErr = d.addExtent(line)
		default:
			err = d.addEntry(line, seen)
		}
		if err != nil {
			return d, fmt.Errorf("line %d: %w", number+1, err)
		}
		if extentErr != nil && d.extentFailure == nil {
			d.extentFailure = fmt.Errorf("line %d: %w", number+1, extentErr)
		}
		blank = line == ""
	}
	return d, nil
}

func (d *vmdkDescriptor) addEntry(line string, seen map[string]bool) error {
	entry := entryLine.FindStringSubmatch(line)
	if entry == nil {
		for _, word := range []string{"createType", "parentFileNameHint", "CID"} {
			if strings.Contains(line, word) {
				return fmt.Errorf("%q is no valid entry", printable(line))
			}
		}
		return nil // other tools' additions, which nobody reads
	}
	key, value := entry[1], entry[2]+strings.TrimSpace(entry[3])
	if (key == "createType" || key == "parentFileNameHint") && line != key+`="`+value+`"` {
		return fmt.Errorf("%q has to be written without blanks and with quotes", printable(line))
	}
	var err error
	switch key {
	case "createType":
		d.createType = value
	case "parentFileNameHint":
		d.parentHint = value
		if objectName.MatchString(value) && d.object == "" {
			d.object = value
		}
	case "CID":
		d.cid, err = contentID(value)
	case "parentCID":
		d.parentCID, err = contentID(value)
	default:
		for _, word := range []string{"createType", "parentFileNameHint"} {
			if strings.Contains(line, word) {
				return fmt.Errorf("%q is no valid entry", printable(line))
			}
		}
		if key == "encryptionKeys" || key == "ddb.iofilters" && strings.Contains(strings.ToLower(value), "crypt") {
			d.encrypted = true
		}
		if key == "ddb.uuid" {
			d.serial = diskSerial(value)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if seen[key] {
		return fmt.Errorf("%s occurs more than once", key)
	}
	seen[key] = true
	return nil
}

// diskSerial reads "60 00 C2 9a ...-..." as the number that it is, or nothing.
func diskSerial(value string) string {
	digits := strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(value))
	if number, err := hex.DecodeString(digits); err != nil || len(number) != 16 {
		return ""
	}
	return digits
}

func contentID(value string) (uint32, error) {
	id, err := strconv.ParseUint(value, 16, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no content id of eight hexadecimal digits", printable(value))
	}
	return uint32(id), nil
}

func (d *vmdkDescriptor) addExtent(line string) error {
	if word := strings.Fields(line)[0]; word != "RW" {
		return fmt.Errorf("an extent with access %s, which QEMU cannot read", printable(word))
	}
	parts := extentLine.FindStringSubmatch(line)
	if parts == nil {
		return fmt.Errorf("%q is no valid extent", printable(line))
	}
	e := vmdkExtent{kind: parts[2], name: parts[3]}
	if objectName.MatchString(e.name) {
		d.object = e.name
		return nil
	}
	e.sectors, _ = strconv.ParseInt(parts[1], 10, 64) // the digits are few enough
	if parts[4] != "" {
		e.offset, _ = strconv.ParseInt(parts[4], 10, 64)
	}
	if e.sectors == 0 || e.sectors > 1<<53 || e.offset > 1<<53 {
		return fmt.Errorf("%q has an impossible size", printable(line))
	}
	flat := e.kind == "FLAT" || e.kind == "VMFS"
	sparse := e.kind == "SPARSE" || e.kind == "VMFSSPARSE" || e.kind == "SESPARSE"
	switch {
	case !flat && !sparse:
		return fmt.Errorf("an extent of type %s, which QEMU cannot read", printable(e.kind))
	case e.name == "":
		return fmt.Errorf("%q names no file", printable(line))
	case len(e.name) > 511:
		return fmt.Errorf("%q names a file with more than 511 bytes, of which QEMU would see these", printable(line))
	case e.kind == "FLAT" && parts[4] == "":
		return fmt.Errorf("%q has no offset", printable(line))
	case e.kind != "FLAT" && parts[4] != "":
		return fmt.Errorf("%q has an offset, and QEMU reads it without", printable(line))
	}
	d.extents = append(d.extents, e)
	return nil
}
