package fix

import "context"

// earlyFiles are what names devices beside fstab, crypttab and the boot loader:
// configuration that initramfs images take in, and units.
var earlyFiles = []bootFile{
	{"/etc/initramfs-tools", "initramfs.conf", editResume, false, "name the resume device by a stable name"},
	{"/etc/initramfs-tools/conf.d", "*", editResume, false, "name the resume device by a stable name"},
	{"/etc", "dracut.conf", editDracutConf, false, "use stable names in dracut's configuration"},
	{"/etc/dracut.conf.d", "*.conf", editDracutConf, false, "use stable names in dracut's configuration"},
	{"/etc", "mdadm.conf", editMdadmConf, false, "let arrays be assembled from any disk"},
	{"/etc/mdadm", "mdadm.conf", editMdadmConf, false, "let arrays be assembled from any disk"},
	{"/etc/systemd/system", "*.mount", editMountUnit, false, "mount by a stable name"},
	{"/etc/systemd/system", "*.swap", editSwapUnit, false, ""},
	{"/etc/lvm", "lvm.conf", editLVMConf, false, "let volume groups be found on virtio disks"},
}

// fixEarlyFiles edits earlyFiles.
func fixEarlyFiles(_ context.Context, r *run) error {
	return r.editFiles(earlyFiles)
}
