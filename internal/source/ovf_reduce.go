package source

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// unusedSections are parts of a descriptor of which nothing is used. Whatever
// is wrong in them does no harm.
var unusedSections = []string{
	"AnnotationSection", "EulaSection", "InstallSection", "NetworkSection", "ProductSection", "ResourceAllocationSection",
	"SharedDiskSection", "StartupSection", "Strings",
}

// unusedAttributes are those of which nothing is used, by their element.
var unusedAttributes = map[string][]string{
	"Disk": {"populatedSize"}, "OperatingSystemSection": {"id", "version"},
}

// itemParts are what is used of an item of hardware.
var itemParts = []string{
	"Address", "AddressOnParent", "AllocationUnits", "Caption", "Config", "Connection", "ElementName", "HostResource",
	"InstanceID", "Parent", "ResourceSubType", "ResourceType", "VirtualQuantity",
}

// numbers are the parts of an item that are read as one.
var numbers = []string{"ResourceType", "VirtualQuantity"}

// xmlDeclaration may name a version and an encoding that do not hold any more.
var xmlDeclaration = regexp.MustCompile(`^\s*<\?xml\s[^>]*\?>`)

// ovfReducer rewrites a descriptor with what is used of it. Drafts of the
// standard, which some programs still write, have <Section
// xsi:type="ovf:DiskSection_Type"> where it has <DiskSection>, and
// <Content xsi:type="ovf:VirtualSystem_Type"> where it has <VirtualSystem>.
type ovfReducer struct {
	out  bytes.Buffer
	open []string
	// draft says that a draft's elements were seen.
	draft bool
	// root is the name of the root element.
	root string
	// number holds the content of an element that is read as a number.
	number *bytes.Buffer
}

// reduceOVF returns a descriptor of OVF 1 with the elements that are used,
// without name spaces, and the name of its root.
func reduceOVF(text []byte) (reduced []byte, root string, err error) {
	decoder := xml.NewDecoder(bytes.NewReader(xmlDeclaration.ReplaceAll(text, nil)))
	r := &ovfReducer{}
	skipped := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return r.out.Bytes(), r.root, nil
		}
		if err != nil {
			return nil, "", err
		}
		switch token := token.(type) {
		case xml.Directive:
			return nil, "", errors.New("it declares a document type, which is not allowed")
		case xml.StartElement:
			if len(r.open)+skipped == maxOVFDepth {
				return nil, "", fmt.Errorf("its elements are nested more than %d deep", maxOVFDepth)
			}
			if skipped > 0 || !r.start(token) {
				skipped++
			}
		case xml.EndElement:
			if skipped > 0 {
				skipped--
			} else {
				r.end()
			}
		case xml.CharData:
			if skipped == 0 {
				r.text(token)
			}
		}
	}
}

// parent is the innermost element that is open.
func (r *ovfReducer) parent() string {
	if len(r.open) == 0 {
		return ""
	}
	return r.open[len(r.open)-1]
}

// start takes the start of an element, or says that it is not used.
func (r *ovfReducer) start(element xml.StartElement) bool {
	name := r.nameOf(element)
	parent := r.parent()
	switch {
	case len(r.open) == 0:
		r.root = name
	case slices.Contains(unusedSections, name), name == "System" && parent == "VirtualHardwareSection":
		return false
	case parent == "Item" || parent == "StorageItem":
		if !slices.Contains(itemParts, name) {
			return false
		}
		if name == "Caption" {
			if !r.draft {
				return false
			}
			name = "ElementName"
		}
	case slices.Contains(numbers, parent):
		return false
	}
	r.open = append(r.open, name)
	if slices.Contains(numbers, name) {
		r.number = &bytes.Buffer{}
		return true
	}
	r.out.WriteString("<" + name)
	for _, attribute := range element.Attr {
		local := attribute.Name.Local
		if local == "xmlns" || attribute.Name.Space == "xmlns" || local == "required" || slices.Contains(unusedAttributes[name], local) {
			continue
		}
		if _, err := strconv.ParseUint(strings.TrimSpace(attribute.Value), 10, 63); err != nil && name == "File" && local == "size" {
			continue // tells nothing
		}
		r.out.WriteString(" " + local + `="`)
		_ = xml.EscapeText(&r.out, []byte(attribute.Value)) // a buffer takes all
		r.out.WriteString(`"`)
	}
	r.out.WriteString(">")
	return true
}

// nameOf is the name that OVF 1 has for an element.
func (r *ovfReducer) nameOf(element xml.StartElement) string {
	name := element.Name.Local
	switch name {
	case "Section", "Content":
		for _, attribute := range element.Attr {
			if attribute.Name.Local != "type" {
				continue
			}
			_, local, prefixed := strings.Cut(attribute.Value, ":")
			if !prefixed {
				local = attribute.Value
			}
			if kind, ok := strings.CutSuffix(local, "_Type"); ok && plainName.MatchString(kind) {
				r.draft = true
				return kind
			}
		}
	case "InstanceId":
		return "InstanceID"
	case "EthernetPortItem":
		return "Item"
	}
	return name
}

var plainName = regexp.MustCompile(`^[A-Za-z]+$`)

func (r *ovfReducer) end() {
	name := r.parent()
	r.open = r.open[:len(r.open)-1]
	if r.number == nil || !slices.Contains(numbers, name) {
		r.out.WriteString("</" + name + ">")
		return
	}
	// Anything else tells nothing.
	bits := map[string]int{"ResourceType": 16, "VirtualQuantity": strconv.IntSize}[name]
	if value, err := strconv.ParseUint(strings.TrimSpace(r.number.String()), 10, bits); err == nil {
		fmt.Fprintf(&r.out, "<%s>%d</%s>", name, value, name)
	}
	r.number = nil
}

func (r *ovfReducer) text(data []byte) {
	if r.number != nil {
		r.number.Write(data)
		return
	}
	_ = xml.EscapeText(&r.out, data) // a buffer takes all
}
