package registry_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

// The real hives of testdata.
const (
	windows7  = "windows7-vmware-SYSTEM"
	windows10 = "windows10-1709-vmware-SYSTEM"
	bootStore = "uefi-or-bios-BCD"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	return registrytest.Load(t, "testdata", name)
}

func open(t testing.TB, data []byte) *registry.Hive {
	t.Helper()
	hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return hive
}

// TestRealHives: what the machines were that the hives are of.
func TestRealHives(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		dirty  bool
		system registry.System
		some   []registry.Service
	}{
		windows7: {
			system: registry.System{ControlSet: "ControlSet001", Hostname: "WKS-WIN732BITA", Arch: "i386"},
			some: []registry.Service{
				{Name: "LSI_SAS", Type: 1, Start: 0, ImagePath: `\SystemRoot\system32\drivers\lsi_sas.sys`},
				{Name: "vmci", Type: 1, Start: 3, ImagePath: `system32\DRIVERS\vmci.sys`},
			},
		},
		windows10: {
			dirty:  true,
			system: registry.System{ControlSet: "ControlSet001", Hostname: "DESKTOP-2KGM189", Arch: "x86_64", DriverDatabase: true, FastStartup: true},
			some: []registry.Service{
				{Name: "vmci", Type: 1, Start: 0, ImagePath: `System32\drivers\vmci.sys`},
				{Name: "VMTools", Type: 0x10, Start: 2, ImagePath: `"C:\Program Files\VMware\VMware Tools\vmtoolsd.exe"`},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hive := open(t, load(t, name))
			if err := hive.Check(); err != nil || hive.Dirty() != test.dirty {
				t.Errorf("dirty: %v, check: %v", hive.Dirty(), err)
			}
			system, err := registry.ReadSystem(hive)
			if err != nil || system != test.system {
				t.Errorf("the system is %+v, %v", system, err)
			}
			services, err := registry.Services(hive, system.ControlSet)
			if err != nil {
				t.Fatal(err)
			}
			for _, service := range test.some {
				if !slices.Contains(services, service) {
					t.Errorf("%+v is not among the services", service)
				}
			}
		})
	}
}

// TestNames: names have no case, what is not there is told from what is damaged.
func TestNames(t *testing.T) {
	t.Parallel()
	hive := open(t, load(t, bootStore))
	value, found, err := registry.Get(hive, `objects\{9DEA862C-5CDD-4E70-ACC1-F32B344D4795}\ELEMENTS\23000003`, "element")
	if err != nil || !found || value.Type != registry.String || !strings.HasPrefix(value.Text(), "{") {
		t.Errorf("the default entry is %v, %v, %v", value, found, err)
	}
	for _, path := range []string{"Nothing", `Objects\Nothing`, `Objects\`, `\Objects`} {
		if _, err := hive.Keys(path); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, registry.ErrDamaged) {
			t.Errorf("%q: %v", path, err)
		}
	}
	if has, err := registry.Has(hive, "OBJECTS"); err != nil || !has {
		t.Errorf("Objects: %v, %v", has, err)
	}
	if _, found, err := registry.Get(hive, "Description", "nothing"); err != nil || found {
		t.Errorf("a value that is not there: %v, %v", found, err)
	}
}

// TestWhole tells hives that are damaged from whole ones, and dirty from both.
func TestWhole(t *testing.T) {
	t.Parallel()
	whole := load(t, windows7)
	put := func(at int, value uint32) func([]byte) []byte {
		return func(data []byte) []byte {
			binary.LittleEndian.PutUint32(data[at:], value)
			if at < 4096 {
				registrytest.Sign(data)
			}
			return data
		}
	}
	for name, test := range map[string]struct {
		edit func([]byte) []byte
		want string // "" where it is not damaged
	}{
		"as it is":          {func(data []byte) []byte { return data }, ""},
		"dirty":             {put(8, 1<<30), ""},
		"cut off":           {func(data []byte) []byte { return data[:len(data)/2] }, "it was cut off"},
		"nearly nothing":    {func(data []byte) []byte { return data[:100] }, "it has 100 bytes"},
		"empty":             {func(data []byte) []byte { clear(data); return data }, "does not begin as a hive does"},
		"a wrong checksum":  {func(data []byte) []byte { data[4]++; return data }, "the checksum of its header"},
		"an odd length":     {put(40, 4097), "4097 bytes of keys"},
		"no length":         {put(40, 0), "0 bytes of keys"},
		"no first part":     {func(data []byte) []byte { clear(data[4096:8192]); return data }, "no part begins at byte 4096"},
		"a part too long":   {put(4096+8, 1<<30), "the part at byte 4096"},
		"a cell too long":   {put(4096+32, 1<<20), "the cell at byte 4128"},
		"a cell of nothing": {put(4096+32, 0), "the cell at byte 4128"},
		"no root":           {put(36, 0x7FFFFFF8), "leads to a cell"},
		"a later part": {
			func(data []byte) []byte { clear(data[8<<20:][:64<<10]); return data }, "at byte 8",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := test.edit(slices.Clone(whole))
			hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
			if err == nil {
				err = hive.Check()
			}
			switch {
			case test.want == "" && err != nil, test.want != "" && (!errors.Is(err, registry.ErrDamaged) || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error = %v, want one that says %q", err, test.want)
			case err == nil && hive.Dirty() != (name == "dirty"):
				t.Errorf("dirty: %v", hive.Dirty())
			}
		})
	}
}

// TestCleanCopy: a dirty hive is clean once its numbers are.
func TestCleanCopy(t *testing.T) {
	t.Parallel()
	if open(t, registrytest.Clean(load(t, windows10))).Dirty() {
		t.Error("the copy is dirty")
	}
}

func TestUnknownVersion(t *testing.T) {
	t.Parallel()
	data := registrytest.Build(nil)
	data[24] = 9
	registrytest.Sign(data)
	if _, err := registry.Open(bytes.NewReader(data), int64(len(data))); err == nil || errors.Is(err, registry.ErrDamaged) {
		t.Errorf("error = %v", err)
	}
}

// TestValues reads values of all kinds and lengths back.
func TestValues(t *testing.T) {
	t.Parallel()
	want := []registry.Value{
		registry.TextValue("", registry.String, "default"),
		registry.TextValue("expand", registry.Expand, `%SystemRoot%\é`),
		registry.TextsValue("list", "one", "two"),
		registry.NumberValue("number", 0x30),
		{Name: "nothing", Type: registry.Binary},
		{Name: "three", Type: registry.Binary, Data: []byte{1, 2, 3}},
		{Name: "long", Type: registry.Binary, Data: bytes.Repeat([]byte{7}, 10000)},
		{Name: "quad", Type: registry.QWord, Data: []byte{1, 0, 0, 0, 1, 0, 0, 0}},
	}
	hive := open(t, registrytest.Build(map[string][]registry.Value{`A\b\C`: want, `A\second`: nil}))
	if err := hive.Check(); err != nil {
		t.Fatal(err)
	}
	got, err := hive.Values(`a\B\c`)
	if err != nil || !slices.EqualFunc(got, want, registry.Value.Equal) {
		t.Errorf("the values are %v, %v", got, err)
	}
	var texts []string
	for _, value := range got {
		texts = append(texts, value.String())
	}
	wantTexts := []string{
		`REG_SZ "default"`, `REG_EXPAND_SZ "%SystemRoot%\\é"`, `REG_MULTI_SZ ["one" "two"]`, "REG_DWORD 0x30", "REG_BINARY ", "REG_BINARY 01 02 03",
		"REG_BINARY " + strings.TrimSpace(strings.Repeat("07 ", 10000)), "REG_QWORD 0x100000001",
	}
	if diff := cmp.Diff(wantTexts, texts); diff != "" {
		t.Error(diff)
	}
	if keys, err := hive.Keys("A"); err != nil || !slices.Equal(keys, []string{"b", "second"}) {
		t.Errorf("the keys are %q, %v", keys, err)
	}
}

var errEnough = errors.New("enough keys")

// everything calls each for all keys of a hive until it fails.
func everything(hive registry.Reader, path string, depth int, each func(path string, values []registry.Value) error) error {
	values, err := hive.Values(path)
	if err == nil {
		err = each(path, values)
	}
	if err != nil {
		return err
	}
	keys, err := hive.Keys(path)
	if err != nil || depth == 0 {
		return err
	}
	for _, key := range keys {
		if err := everything(hive, strings.TrimPrefix(path+`\`+key, `\`), depth-1, each); err != nil {
			return err
		}
	}
	return nil
}

// exported are the keys and values of a hive as hivexregedit(1) writes them.
func exported(path string, values []registry.Value) []string {
	lines := []string{`[\` + path + "]"}
	for _, value := range values {
		name := "@"
		if value.Name != "" {
			name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value.Name) + `"`
		}
		data := fmt.Sprintf("hex(%x):%s", uint32(value.Type), strings.ReplaceAll(fmt.Sprintf("% x", value.Data), " ", ","))
		if number, ok := value.Number(); ok && value.Type == registry.DWord {
			data = fmt.Sprintf("dword:%08x", number)
		}
		lines = append(lines, name+"="+data)
	}
	slices.Sort(lines[1:])
	return lines
}

// FuzzHive: whatever a hive has, reading it ends, and takes no more than the limits.
func FuzzHive(f *testing.F) {
	f.Add(load(f, bootStore), uint16(0), uint32(0))
	f.Add(registrytest.Build(map[string][]registry.Value{"Select": {registry.NumberValue("Current", 1)}, `ControlSet001\Services\x`: nil}), uint16(5), uint32(7))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, value uint32) {
		if len(data) < 4096 {
			return
		}
		// A seed that is changed anywhere is read nevertheless.
		binary.LittleEndian.PutUint32(data[int(at)%(len(data)-4):], value)
		copy(data, "regf")
		registrytest.Sign(data)
		hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		if err := hive.Check(); err != nil && !errors.Is(err, registry.ErrDamaged) {
			t.Errorf("check: %v", err)
		}
		if _, err := registry.ReadSystem(hive); err != nil && !errors.Is(err, registry.ErrDamaged) {
			t.Errorf("facts: %v", err)
		}
		// Keys may lie in themselves: there is no end to them.
		seen := 0
		err = everything(hive, "", 3, func(string, []registry.Value) error {
			if seen++; seen > 1000 {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) && !errors.Is(err, registry.ErrDamaged) && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after %d keys: %v", seen, err)
		}
	})
}
