package provider

import (
	"encoding/xml"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"
	"libvirt.org/go/libvirtxml"
)

// The provider dmacvicar/libvirt generates its attributes from libvirtxml's
// structures (docs/schema-mapping.md there): a field's name in snake case, true
// for an element without contents or a "yes", and for an element that has only
// text and XML attributes one attribute each, such as memory and memory_unit.
// Terraform drops what an object has under any other name, without a word.

// libvirtFields sets target's fields from the attributes of an object, and fails
// on an attribute that the provider does not have. path is for the error.
func libvirtFields(target reflect.Value, object cty.Value, path string) error {
	if !object.Type().IsObjectType() {
		return fmt.Errorf("%s is %s, not an object", path, object.Type().FriendlyName())
	}
	places := libvirtPlaces(target)
	given := object.AsValueMap()
	for _, name := range libvirtRequired(target.Type()) {
		if value, ok := given[name]; path != "" && (!ok || value.IsNull()) {
			return fmt.Errorf("%s lacks the attribute %s, which the provider libvirt requires", path, name)
		}
	}
	for name, value := range given {
		at := strings.TrimPrefix(path+"."+name, ".")
		place, ok := places[name]
		switch {
		case !ok:
			return fmt.Errorf("the provider libvirt has no attribute %s", at)
		case value.IsNull():
			continue
		}
		if err := libvirtValue(place(), value, at); err != nil {
			return err
		}
	}
	return nil
}

// libvirtPlaces returns, by the provider's names, where a structure's values go.
// An optional element comes into being when its place is asked for.
func libvirtPlaces(target reflect.Value) map[string]func() reflect.Value {
	places := map[string]func() reflect.Value{}
	for _, field := range reflect.VisibleFields(target.Type()) {
		if field.Anonymous || field.Name == "XMLName" || field.Tag.Get("xml") == "" {
			continue
		}
		element := func() reflect.Value { return target.FieldByIndex(field.Index) }
		name := snakeCase(field.Name)
		texts, isText := textElement(field.Type)
		if !isText {
			places[name] = element
			continue
		}
		for suffix, part := range texts {
			places[name+suffix] = func() reflect.Value { return allocated(element()).FieldByName(part) }
		}
	}
	return places
}

// libvirtRequired are the attributes that an object has to have: the texts and numbers
// that libvirtxml writes even where they are empty (docs/resources/domain.md there).
func libvirtRequired(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		tag := field.Tag.Get("xml")
		if field.Anonymous || field.Name == "XMLName" || tag == "" || strings.Contains(tag, "omitempty") {
			continue
		}
		if slices.Contains([]reflect.Kind{reflect.String, reflect.Int, reflect.Uint, reflect.Uint64, reflect.Int64}, field.Type.Kind()) {
			names = append(names, snakeCase(field.Name))
		}
	}
	return names
}

// textElement returns the fields of an element that has only text and XML
// attributes, by what the provider puts behind the element's name.
func textElement(t reflect.Type) (fields map[string]string, ok bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	fields = map[string]string{}
	for _, field := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("xml"), ",")
		switch {
		case strings.Contains(options, "chardata"):
			fields[""], ok = field.Name, true
		case strings.Contains(options, "attr"):
			fields["_"+snakeCase(name)] = field.Name
		case field.Name != "XMLName":
			return nil, false
		}
	}
	return fields, ok
}

func libvirtValue(target reflect.Value, value cty.Value, path string) error {
	t := value.Type()
	switch {
	case target.Kind() == reflect.Pointer && target.Type().Elem() == reflect.TypeFor[libvirtxml.DomainFeature]():
		if t != cty.Bool {
			return fmt.Errorf("%s is %s, not true or false", path, t.FriendlyName())
		}
		if value.True() {
			allocated(target)
		}
		return nil
	case target.Kind() == reflect.Pointer:
		return libvirtValue(allocated(target), value, path)
	case target.Kind() == reflect.Struct:
		return libvirtFields(target, value, path)
	case target.Kind() == reflect.Slice:
		if !t.IsTupleType() && !t.IsListType() {
			return fmt.Errorf("%s is %s, not a list", path, t.FriendlyName())
		}
		for i, item := range value.AsValueSlice() {
			target.Grow(1)
			target.SetLen(i + 1)
			if err := libvirtValue(target.Index(i), item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		return nil
	case t == cty.Bool && target.Kind() == reflect.String && strings.HasSuffix(path, ".auto_port"):
		target.SetString(map[bool]string{true: "yes", false: "no"}[value.True()])
		return nil
	}
	if err := gocty.FromCtyValue(value, target.Addr().Interface()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// allocated returns what an optional field points to.
func allocated(field reflect.Value) reflect.Value {
	if field.Kind() != reflect.Pointer {
		return field
	}
	if field.IsNil() {
		field.Set(reflect.New(field.Type().Elem()))
	}
	return field.Elem()
}

var wordStarts = regexp.MustCompile(`([a-z])([A-Z])|([A-Z][A-Z])([A-Z][a-z])`)

// snakeCase is the provider's way to make NVRam nv_ram and TPMs tpms.
func snakeCase(name string) string {
	if plural, ok := strings.CutSuffix(name, "s"); ok && plural == strings.ToUpper(plural) {
		return strings.ToLower(name)
	}
	return strings.ToLower(wordStarts.ReplaceAllString(name, "${1}${3}_${2}${4}"))
}

func TestLibvirtNames(t *testing.T) {
	t.Parallel()
	vnc := func(attribute string, value cty.Value) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{"devices": cty.ObjectVal(map[string]cty.Value{"graphics": cty.TupleVal([]cty.Value{
			cty.ObjectVal(map[string]cty.Value{"vnc": cty.ObjectVal(map[string]cty.Value{attribute: value})}),
		})})})
	}
	one := func(name string, value cty.Value) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{name: value})
	}
	for name, test := range map[string]struct {
		object  cty.Value
		want    string // in the XML
		problem string
	}{
		"element":         {one("name", cty.StringVal("web")), "<name>web</name>", ""},
		"text":            {one("memory", cty.NumberIntVal(5)), "<memory>5</memory>", ""},
		"text's unit":     {one("memory_unit", cty.StringVal("MiB")), `<memory unit="MiB">`, ""},
		"null":            {one("title", cty.NullVal(cty.String)), "<domain></domain>", ""},
		"presence":        {one("features", one("acpi", cty.True)), "<acpi></acpi>", ""},
		"absence":         {one("features", one("acpi", cty.False)), "<features></features>", ""},
		"yes":             {vnc("auto_port", cty.True), `<graphics type="vnc" autoport="yes">`, ""},
		"acronym":         {one("os", one("nv_ram", cty.ObjectVal(map[string]cty.Value{"nv_ram": cty.StringVal("y"), "template": cty.StringVal("x")}))), `<nvram template="x">y`, ""},
		"required":        {one("os", one("nv_ram", one("template", cty.StringVal("x")))), "", "os.nv_ram lacks the attribute nv_ram"},
		"misspelt":        {vnc("autoport", cty.True), "", "no attribute devices.graphics[0].vnc.autoport"},
		"element's name":  {one("devices", one("video", cty.EmptyTupleVal)), "", "no attribute devices.video"},
		"block's place":   {one("devices", one("graphics", one("vnc", cty.EmptyObjectVal))), "", "devices.graphics is object, not a list"},
		"wrong kind":      {one("vcpu", cty.EmptyObjectVal), "", "vcpu: "},
		"presence's kind": {one("features", one("acpi", cty.EmptyObjectVal)), "", "features.acpi is object, not true or false"},
		"text for object": {one("os", cty.StringVal("linux")), "", "os is string, not an object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var domain libvirtxml.Domain
			if err := libvirtFields(reflect.ValueOf(&domain).Elem(), test.object, ""); err != nil || test.problem != "" {
				if err == nil || test.problem == "" || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("error %v, want %q", err, test.problem)
				}
				return
			}
			text, err := xml.Marshal(&domain)
			if err != nil || !strings.Contains(string(text), test.want) {
				t.Errorf("no %q in %s (%v)", test.want, text, err)
			}
		})
	}
}

// lostValues lists the values of want that got does not have in the same place.
// For the provider each is an inconsistent result, with two exceptions: it keeps
// the text of elements such as <type machine=...>, and the mode of the processor.
func lostValues(want, got reflect.Value, path string) []string {
	switch want.Kind() {
	case reflect.Pointer:
		switch {
		case want.IsNil():
			return nil
		case got.IsNil():
			return []string{path}
		}
		return lostValues(want.Elem(), got.Elem(), path)
	case reflect.Struct:
		var lost []string
		for i := range want.NumField() {
			field := want.Type().Field(i)
			if _, isText := textElement(field.Type); isText || want.Type() == reflect.TypeFor[libvirtxml.DomainCPU]() || field.Name == "XMLName" {
				continue
			}
			lost = append(lost, lostValues(want.Field(i), got.Field(i), path+"."+snakeCase(field.Name))...)
		}
		return lost
	case reflect.Slice:
		var lost []string
		for i := range want.Len() {
			at := fmt.Sprintf("%s[%d]", path, i)
			if i >= got.Len() {
				lost = append(lost, at)
				continue
			}
			lost = append(lost, lostValues(want.Index(i), got.Index(i), at)...)
		}
		return lost
	}
	if want.IsZero() || want.Equal(got) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %v became %v", path, want, got)}
}

func TestLostValues(t *testing.T) {
	t.Parallel()
	domain := func(text string) reflect.Value {
		var d libvirtxml.Domain
		if err := d.Unmarshal(text); err != nil {
			t.Fatal(err)
		}
		return reflect.ValueOf(d)
	}
	want := domain(`<domain type="kvm"><name>web</name><os><type machine="q35">hvm</type></os><cpu mode="host-model"/>
		<devices><video><model type="vga"/></video><graphics type="vnc" autoport="yes"/></devices></domain>`)
	got := domain(`<domain type="qemu" id="1"><name>web</name><os><type machine="pc-q35-7.2">hvm</type></os><cpu mode="custom"/>
		<devices><video><model type="cirrus" vram="16384"/></video></devices></domain>`)
	lost := []string{".type: kvm became qemu", ".devices.graphics[0]", ".devices.videos[0].model.type: vga became cirrus"}
	if found := lostValues(want, got, ""); !slices.Equal(found, lost) {
		t.Errorf("lost %q, want %q", found, lost)
	}
	if found := lostValues(want, want, ""); len(found) > 0 {
		t.Errorf("lost %q of itself", found)
	}
}
