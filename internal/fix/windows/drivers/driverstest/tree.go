// Package driverstest makes a virtio-win of names for tests.
package driverstest

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"
)

// Versions are the folders of the ISO image for versions of Windows.
var Versions = []string{"2k8", "w7", "2k8R2", "w8", "2k12", "w8.1", "2k12R2", "w10", "2k16", "2k19", "w11", "2k22", "2k25"}

// devices are the PCI devices of each driver.
var devices = map[string][]string{
	"viostor":   {"PCI\\VEN_1AF4&DEV_1001&SUBSYS_00021AF4&REV_00", "PCI\\VEN_1AF4&DEV_1042&SUBSYS_11001AF4&REV_01"},
	"vioscsi":   {"PCI\\VEN_1AF4&DEV_1004&SUBSYS_00081AF4&REV_00", "PCI\\VEN_1AF4&DEV_1048&SUBSYS_11001AF4&REV_01"},
	"NetKVM":    {"PCI\\VEN_1AF4&DEV_1000&SUBSYS_00011AF4&REV_00", "PCI\\VEN_1AF4&DEV_1041&SUBSYS_11001AF4&REV_01"},
	"vioserial": {"PCI\\VEN_1AF4&DEV_1003&REV_00", "PCI\\VEN_1AF4&DEV_1043&REV_01"},
	"Balloon":   {"PCI\\VEN_1AF4&DEV_1002&REV_00", "PCI\\VEN_1AF4&DEV_1045&REV_01"},
	"viorng":    {"PCI\\VEN_1AF4&DEV_1005&REV_00", "PCI\\VEN_1AF4&DEV_1044&REV_01"},
	"qxldod":    {"PCI\\VEN_1B36&DEV_0100"},
}

// names are what a driver's files are called where that is not the name of its
// folder.
var names = map[string]string{"NetKVM": "netkvm", "Balloon": "balloon", "vioserial": "vioser"}

// ISO is the content of an ISO image.
func ISO() fstest.MapFS {
	tree := fstest.MapFS{
		"virtio-win_license.txt":           file("license"),
		"guest-agent/qemu-ga-x86_64.msi":   file("agent for 64 bits"),
		"guest-agent/qemu-ga-i386.msi":     file("agent for 32 bits"),
		"virtio-win-gt-x64.msi":            file("all drivers"),
		"NetKVM/w10/amd64/vioprot.inf":     file("a protocol"),
		"NetKVM/w10/amd64/vioprot.cat":     Catalog(ByMicrosoft),
		"sriov/w10/amd64/vioprot.inf":      file("a protocol"),
		"sriov/w10/amd64/netkvm_sriov.inf": file("another driver"),
		"Balloon/w10/amd64/blnsvr.exe":     file("service"),
		"fwcfg/w10/amd64/fwcfg.inf":        INF("fwcfg", nil),
		"fwcfg/w10/amd64/fwcfg.cat":        Catalog(ByMicrosoft),
		"qemufwcfg/w10/amd64/qemufwcfg.inf": INF("qemufwcfg", []string{
			"ACPI\\QEMU0002"}),
		"qemufwcfg/w10/amd64/qemufwcfg.cat": Catalog(ByMicrosoft),
		"smbus/2k8/x86/smbus.inf":           INF("smbus", []string{"PCI\\VEN_8086&DEV_2930"}),
	}
	for folder, ids := range devices {
		name := folder
		if own := names[folder]; own != "" {
			name = own
		}
		for _, version := range Versions {
			for _, arch := range []string{"x86", "amd64", "ARM64"} {
				if !exists(folder, version, arch) {
					continue
				}
				in := folder + "/" + version + "/" + arch + "/"
				tree[in+name+".inf"] = INF(name, ids)
				tree[in+name+".cat"] = Catalog(ByMicrosoft)
				tree[in+name+".sys"] = file(name + " for " + version + " on " + arch)
				tree[in+name+".pdb"] = file("symbols")
				tree[in+"WdfCoInstaller01011.dll"] = file("library of " + version + arch)
			}
		}
	}
	return tree
}

// exists says that there is such a Windows, and a driver of the kind for it.
func exists(driver, version, arch string) bool {
	server := strings.HasPrefix(version, "2k")
	switch {
	case arch == "ARM64":
		return version == "w10" || version == "w11"
	case arch == "x86":
		return (!server || version == "2k8") && version != "w11"
	case driver == "qxldod":
		return strings.HasPrefix(version, "w1") || version >= "2k16" && version < "2k3"
	}
	return true
}

// Package is the same tree as the package virtio-win has it: below a folder for
// drivers, and below another for versions, where all drivers of a version are in one
// folder.
func Package() fstest.MapFS {
	tree := fstest.MapFS{}
	for at, content := range ISO() {
		parts := strings.Split(at, "/")
		if len(parts) != 4 {
			tree[at] = content
			continue
		}
		tree["drivers/by-driver/"+at] = content
		if parts[0] == "sriov" {
			continue
		}
		tree["drivers/by-os/"+parts[2]+"/"+parts[1]+"/"+parts[3]] = content
	}
	return tree
}

// INF is an installation file, in UTF-16 as Microsoft's tools write them.
func INF(name string, devices []string) *fstest.MapFile {
	var text strings.Builder
	fmt.Fprintf(&text, "; %s\r\n[Version]\r\nSignature=\"$WINDOWS NT$\"\r\nCatalogFile=%s.cat\r\n\r\n[Models]\r\n", name, name)
	for _, device := range devices {
		fmt.Fprintf(&text, "%%Device%% = Install, %s\r\n", device)
	}
	text.WriteString("; PCI\\VEN_FFFF&DEV_FFFF is none of them\r\n")
	data := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text.String())) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return file(string(data))
}

func file(content string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(content), Mode: 0o644}
}

// Write puts a tree into a folder of the host.
func Write(t testing.TB, tree fstest.MapFS, folder string) {
	t.Helper()
	for at, content := range tree {
		to := filepath.Join(folder, filepath.FromSlash(at))
		if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, content.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Image is an ISO image of a tree as virtio-win's are made, by xorriso(1).
func Image(t testing.TB, tree fstest.MapFS) string {
	t.Helper()
	folder := t.TempDir()
	from, image := filepath.Join(folder, "tree"), filepath.Join(folder, "virtio-win.iso")
	Write(t, tree, from)
	if out, err := exec.CommandContext(t.Context(), "xorriso", "-as", "mkisofs", "-o", image, "-r", "-J", "-V", "virtio-win-0.1.285", from).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return image
}
