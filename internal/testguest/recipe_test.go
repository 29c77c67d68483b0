package testguest

import (
	"regexp"
	"strings"
	"testing"
)

func TestRecipesAreValidAndDistinct(t *testing.T) {
	t.Parallel()
	names, keys, hosts := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, r := range Recipes() {
		if err := r.validate(); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
		if r.Description == "" || r.Boots == "" {
			t.Errorf("%s: does not say what it is or how far it boots", r.Name)
		}
		if names[r.Name] || keys[r.Key()] || hosts[r.Hostname] {
			t.Errorf("%s: name, key or hostname is another recipe's too", r.Name)
		}
		names[r.Name], keys[r.Key()], hosts[r.Hostname] = true, true, true
	}
}

func TestKeyFollowsWhatIsBuilt(t *testing.T) {
	t.Parallel()
	base := debian12BIOS()
	if base.Key() != debian12BIOS().Key() {
		t.Error("equal recipes have different keys")
	}
	described := debian12BIOS()
	described.Description, described.Boots = "another", StatePanic
	if base.Key() != described.Key() {
		t.Error("the description changes the key")
	}
	for name, change := range map[string]func(*Recipe){
		"package":    func(r *Recipe) { r.Bootstrap.Packages = append(r.Bootstrap.Packages, "lvm2") },
		"size":       func(r *Recipe) { r.Layout.Disks[0].SizeMiB++ },
		"hostname":   func(r *Recipe) { r.Hostname = "web09" },
		"file":       func(r *Recipe) { r.Files = map[string]File{"/etc/motd": {Content: "hello"}} },
		"command":    func(r *Recipe) { r.Commands = append(r.Commands, "true") },
		"subformat":  func(r *Recipe) { r.Subformat = MonolithicFlat },
		"root":       func(r *Recipe) { r.KernelRoot = "LABEL=root" },
		"filesystem": func(r *Recipe) { r.Layout.Filesystems[0].Type = "xfs" },
	} {
		r := debian12BIOS()
		change(&r)
		if r.Key() == base.Key() {
			t.Errorf("changing the %s keeps the key", name)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	if r, err := Lookup(Flagship); err != nil || r.Name != Flagship {
		t.Errorf("got %q, %v", r.Name, err)
	}
	if _, err := Lookup("windows"); err == nil || !strings.Contains(err.Error(), Flagship) {
		t.Errorf("error does not list the recipes: %v", err)
	}
}

// TestFlagship holds the facts that the end-to-end tests rest on.
func TestFlagship(t *testing.T) {
	t.Parallel()
	r := debian12BIOS()
	files := overlayFiles(r)
	for file, want := range map[string]string{
		"/etc/fstab":              `(?m)^/dev/sda1 / ext4 errors=remount-ro 0 1$`,
		"/etc/default/grub":       `(?m)^GRUB_DISABLE_LINUX_UUID=true$`,
		"/etc/network/interfaces": `(?m)^iface ens192 inet static$`,
		setupPath:                 `root=/dev/sda1`,
	} {
		if !regexp.MustCompile(want).MatchString(files[file].Content) {
			t.Errorf("%s does not match %s:\n%s", file, want, files[file].Content)
		}
	}
	if r.subformat() != StreamOptimized {
		t.Errorf("subformat %s, want %s", r.subformat(), StreamOptimized)
	}
}

// TestRecipesCoverTheMatrix keeps a recipe from losing what only it has.
func TestRecipesCoverTheMatrix(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, r := range Recipes() {
		all.WriteString(strings.Join(mmdebstrapArgs(r.Bootstrap, "", ""), " ") + "\n")
		all.WriteString(strings.Join(r.Bootstrap.Commands, "\n") + "\n")
		all.WriteString(diskScript(r, nil, "", ""))
		for name, file := range overlayFiles(r) {
			all.WriteString(name + "\n" + file.Content + "\n")
		}
	}
	for _, want := range []string{
		"bullseye", "bookworm", "trixie",
		"fstype:ext4", "mkfs xfs", "mkfs btrfs", "btrfs-subvolume-create /@home", "mkfs.vfat",
		"vgcreate", "luksFormat", "mdadm --create", "/boot ext4", "/usr ext4", "/var ext4", "resume=/dev/mapper/",
		"part-init " + applianceDisk(0) + " mbr", "part-init " + applianceDisk(0) + " gpt", gptTypes[UseBIOSBoot], gptTypes[UseESP],
		"--no-nvram", "bootctl install", "/etc/kernel/cmdline",
		"MODULES=dep", "MODULES=list", "hostonly=", "resume=/dev/sda2", "bookworm-backports",
		"/etc/network/interfaces", "/etc/netplan/", "/etc/systemd/network/", ".nmconnection", "ens192", "70-persistent-net",
		"/dev/sda1 ", "/dev/hda1 ", "/dev/xvda1 ", "/dev/nvme0n1p3 ", "/dev/disk/by-path/",
		"/boot/grub/device.map", "/etc/lvm/devices/system.devices", "sda5_crypt /dev/sda5",
		"open-vm-tools", "vmware-uninstall-tools.pl", "virtio_blk.ko.xz", "virtio_blk.ko.zst", MicrocodeFile,
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no recipe has %q", want)
		}
	}
}
