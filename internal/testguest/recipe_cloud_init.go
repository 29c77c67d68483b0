package testguest

// debian12CloudInit reaches its login prompt on virtio as it is, without its
// address: netplan knows the card by its old hardware address, and cloud-init,
// which finds a new instance without a source of settings, writes that file anew
// for DHCP.
func debian12CloudInit() Recipe {
	r := debian12BIOS()
	r.Name = "debian12-bios-cloud-init"
	r.Description = "Debian 12, BIOS, MBR, ext4 by UUID, netplan pinned by MAC, cloud-init that had its settings from VMware"
	r.Hostname = "cloud01"
	r.Bootstrap.Packages = []string{
		"linux-image-cloud-amd64", "initramfs-tools", "grub-pc",
		"e2fsprogs", "netplan.io", "cloud-init", "open-vm-tools",
	}
	r.Bootstrap.Commands = []string{"systemctl enable systemd-networkd"}
	r.GRUBDefaults = nil
	r.Layout.Filesystems[0].Source = SourceUUID
	r.Layout.Filesystems[1].Source = SourceUUID
	r.Files = merged(netplanStatic("ens192", "192.0.2.25"), map[string]File{
		// There are no locales in a test guest.
		"/etc/cloud/cloud.cfg.d/99-vmware.cfg": {Content: "datasource_list: [ VMware, None ]\nlocale: false\n"},
		// What is left of the first boot on VMware.
		"/var/lib/cloud/data/previous-datasource":         {Content: "DataSourceVMware: DataSourceVMware [seed=guestinfo]\n"},
		"/var/lib/cloud/data/previous-instance-id":        {Content: "iid-vm-0001\n"},
		"/var/lib/cloud/data/previous-hostname":           {Content: "cloud01\n"},
		"/var/lib/cloud/instances/iid-vm-0001/datasource": {Content: "DataSourceVMware: DataSourceVMware [seed=guestinfo]\n"},
	})
	r.Commands = []string{"ln -s instances/iid-vm-0001 /var/lib/cloud/instance"}
	r.Boots = StateLogin
	return r
}
