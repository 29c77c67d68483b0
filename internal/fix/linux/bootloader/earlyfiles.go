package bootloader

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"

const (
	toAnyDisk     = "let arrays be assembled from any disk"
	toVirtioDisks = "let volume groups be found on virtio disks"
)

// earlyFiles are what names devices beside fstab, crypttab and the boot loader:
// configuration that initramfs images take in, and units.
var earlyFiles = []struct {
	pattern     string
	edit        editor
	description string
}{
	{"/etc/initramfs-tools/initramfs.conf", editResume, "name the resume device by a stable name"},
	{"/etc/initramfs-tools/conf.d/*", editResume, "name the resume device by a stable name"},
	{"/etc/dracut.conf", editDracutConf, "use stable names in dracut's configuration"},
	{"/etc/dracut.conf.d/*.conf", editDracutConf, "use stable names in dracut's configuration"},
	{"/etc/mdadm.conf", editMdadmFile, toAnyDisk},
	{"/etc/mdadm/mdadm.conf", editMdadmFile, toAnyDisk},
	{"/etc/mdadm.conf.d/*.conf", editMdadmFile, toAnyDisk},
	{"/etc/mdadm/mdadm.conf.d/*.conf", editMdadmFile, toAnyDisk},
	{"/etc/systemd/system/*.mount", editMountUnit, "mount by a stable name"},
	{"/etc/systemd/system/*.swap", editSwapUnit, ""},
	{"/etc/lvm/lvm.conf", editLVMConf, toVirtioDisks},
	{"/etc/lvm/lvmlocal.conf", editLVMConf, toVirtioDisks},
	{"/etc/lvm/lvm_*.conf", editLVMConf, toVirtioDisks}, // of a tag, as that of the host
}

// FixEarlyFiles gives what initramfs images take in, and units, stable names.
func (c *Configuration) FixEarlyFiles() error {
	scope := c.scope()
	for _, f := range earlyFiles {
		err := c.edit.EachFile(f.pattern, func(name, text string) error {
			return c.editFile(name, text, scope, f.edit, f.description, report.ConcernEarlyDevice)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
