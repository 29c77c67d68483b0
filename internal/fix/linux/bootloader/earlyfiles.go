package bootloader

const (
	toAnyDisk     = "let arrays be assembled from any disk"
	toVirtioDisks = "let volume groups be found on virtio disks"
)

// earlyFiles are what names devices beside fstab, crypttab and the boot loader:
// configuration that initramfs images take in, and units.
var earlyFiles = []bootFile{
	{"/etc/initramfs-tools", "initramfs.conf", editResume, false, "name the resume device by a stable name"},
	{"/etc/initramfs-tools/conf.d", "*", editResume, false, "name the resume device by a stable name"},
	{"/etc", "dracut.conf", editDracutConf, false, "use stable names in dracut's configuration"},
	{"/etc/dracut.conf.d", "*.conf", editDracutConf, false, "use stable names in dracut's configuration"},
	{"/etc", "mdadm.conf", editMdadmFile, false, toAnyDisk},
	{"/etc/mdadm", "mdadm.conf", editMdadmFile, false, toAnyDisk},
	{"/etc/mdadm.conf.d", "*.conf", editMdadmFile, false, toAnyDisk},
	{"/etc/mdadm/mdadm.conf.d", "*.conf", editMdadmFile, false, toAnyDisk},
	{"/etc/systemd/system", "*.mount", editMountUnit, false, "mount by a stable name"},
	{"/etc/systemd/system", "*.swap", editSwapUnit, false, ""},
	{"/etc/lvm", "lvm.conf", editLVMConf, false, toVirtioDisks},
	{"/etc/lvm", "lvmlocal.conf", editLVMConf, false, toVirtioDisks},
}

// FixEarlyFiles gives what initramfs images take in, and units, stable names.
func (c *Configuration) FixEarlyFiles() error {
	return c.editFiles(earlyFiles)
}
