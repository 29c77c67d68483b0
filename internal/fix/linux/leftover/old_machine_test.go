package leftover

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// kept is a machine whose card ens192 kept its name, and whose ens256 its name and
// its address.
var kept = network.Kept{
	Names: []string{"ens192", "ens256", "br0"}, Addresses: []string{"00:50:56:00:00:02"}, Old: []string{"52:00:00:00:00:09"},
}

const unit = "[Service]\nExecStart=/usr/bin/x\n"

// left are what is found: the file, its text, and what the warning says.
var left = map[string]struct{ file, text, message string }{
	// cards, by name
	"nftables":                   {"/etc/nftables.conf", "table inet f {\n  chain i {\n    iifname \"ens224\" drop\n", "/etc/nftables.conf line 3: ens224"},
	"iptables":                   {"/etc/iptables/rules.v4", "*filter\n-A INPUT -i ens224 -j ACCEPT\n", "line 2: ens224"},
	"iptables of RHEL":           {"/etc/sysconfig/iptables", ":INPUT ACCEPT\n-A INPUT -i enp11s0.100 -j DROP\n", "line 2: enp11s0"},
	"firewalld":                  {"/etc/firewalld/zones/public.xml", "<zone>\n  <interface name=\"ens224\"/>\n", "line 2: ens224"},
	"isc-dhcp-server":            {"/etc/default/isc-dhcp-server", "INTERFACESv4=\"ens224\"\n", "line 1: ens224"},
	"dnsmasq":                    {"/etc/dnsmasq.d/lan", "interface=ens224\n", "line 1: ens224"},
	"keepalived":                 {"/etc/keepalived/keepalived.conf", "vrrp_instance a {\n  interface ens224\n", "line 2: ens224"},
	"hostapd":                    {"/etc/hostapd/hostapd.conf", "interface=ens224\n", "ens224"},
	"samba":                      {"/etc/samba/smb.conf", "[global]\n interfaces = lo ens224\n", "line 2: ens224"},
	"wireguard":                  {"/etc/wireguard/wg0.conf", "[Interface]\nPostUp = iptables -t nat -A POSTROUTING -o ens224 -j MASQUERADE\n", "line 2: ens224"},
	"sysctl":                     {"/etc/sysctl.d/9-x.conf", "net.ipv4.conf.ens224.rp_filter = 0\n", "line 1: ens224"},
	"sysctl with slashes":        {"/etc/sysctl.conf", "net/ipv4/conf/ens224/rp_filter=0\n", "ens224"},
	"a hook of ifupdown":         {"/etc/network/if-up.d/x", "#!/bin/sh\n[ \"$IFACE\" = ens224 ] && tc x\n", "line 2: ens224"},
	"a networkd drop-in":         {"/etc/systemd/network/10-x.network.d/a.conf", "[Network]\nBindCarrier=ens224\n", "line 2: ens224"},
	"BindsTo of a card":          {"/etc/systemd/system/x.service", "[Unit]\nBindsTo=sys-subsystem-net-devices-ens224.device\n", "line 2: ens224"},
	"an instance":                {"/etc/systemd/system/multi-user.target.wants/dhclient@ens224.service", unit, "ens224"},
	"a waiting service":          {"/etc/systemd/system/network-online.target.wants/systemd-networkd-wait-online@ens224.service", unit, "ens224"},
	"a device's wants":           {"/etc/systemd/system/sys-subsystem-net-devices-ens224.device.wants/x.service", unit, "ens224"},
	"a route of a card":          {"/etc/sysconfig/network-scripts/route-ens224", "10.0.0.0/8 via 192.0.2.1\n", "route-ens224 line 1"},
	"the watchdog's card":        {"/etc/watchdog.conf", "watchdog-device = /dev/watchdog\ninterface = ens224\n", "line 2: ens224"},
	"an address of CTDB":         {"/etc/ctdb/public_addresses", "192.0.2.9/24 ens224\n", "line 1: ens224"},
	"kube-vip of k3s":            {"/var/lib/rancher/k3s/server/manifests/vip.yaml", "- name: vip_interface\n  value: ens224\n", "line 2: ens224"},
	"rc.local":                   {"/etc/rc.local", "#!/bin/sh\nethtool -K ens224 tso off\n", "line 2: ens224"},
	"chrony's hardware stamps":   {"/etc/chrony.conf", "hwtimestamp ens224\n", "ens224"},
	"docker":                     {"/etc/docker/daemon.json", "{\n \"x\": \"ens224\"\n}\n", "line 2: ens224"},
	"ip= in GRUB's menu":         {"/boot/grub/grub.cfg", "menuentry a {\n linux /vmlinuz ip=10.0.0.2::10.0.0.1:255.0.0.0::ens224:none\n}\n", "line 2: ens224"},
	"vlan= in GRUB's defaults":   {"/etc/default/grub", "GRUB_CMDLINE_LINUX=\"vlan=ens224.5:ens224\"\n", "line 1: ens224"},
	"bootdev= in a loader entry": {"/boot/loader/entries/a.conf", "title a\noptions bootdev=ens224\n", "line 2: ens224"},
	"ip= of SUSE's tools":        {"/etc/sysconfig/bootloader", "DEFAULT_APPEND=\"ip=ens224:dhcp\"\n", "line 1: ens224"},
	"ip= in an ESP's menu":       {"/efi/EFI/arch/grub.cfg", " linux /vmlinuz ip=ens224:dhcp\n", "line 1: ens224"},
	"ip= in rEFInd's file":       {"/boot/refind_linux.conf", "\"Boot\" \"ip=ens224:dhcp\"\n", "line 1: ens224"},
	// cards, by address and slot
	"a udev rule with an address":  {"/etc/udev/rules.d/70-x.rules", "SUBSYSTEM==\"net\", \\\n ATTR{address}==\"00:50:56:00:00:01\", RUN+=\"/x\"\n", "line 1: 00:50:56:00:00:01"},
	"a described address":          {"/etc/default/x", "MAC=52:00:00:00:00:09\n", "52:00:00:00:00:09"},
	"an address in a drop-in":      {"/etc/systemd/network/10-x.network.d/a.conf", "[Match]\nMACAddress=00-0c-29-00-00-01\n", "line 2: 00-0c-29"},
	"an address in dhclient.conf":  {"/etc/dhcp/dhclient.conf", "send host-name \"a\";\nhardware ethernet 00:15:5d:00:00:01;\n", "line 2: 00:15:5d"},
	"a udev rule with a slot":      {"/etc/udev/rules.d/70-x.rules", `SUBSYSTEM=="net", KERNELS=="0000:03:00.0", RUN+="/x"` + "\n", "line 1: 0000:03:00.0"},
	"a slot of DPDK":               {"/etc/dpdk/interfaces", "pci 0000:0b:00.0 vfio-pci\n", "line 1: 0000:0b:00.0"},
	"a slot of VPP":                {"/etc/vpp/startup.conf", "dpdk {\n  dev 0000:0b:00.0\n}\n", "line 2: 0000:0b:00.0"},
	"a udev rule with a path":      {"/etc/udev/rules.d/70-x.rules", `SUBSYSTEM=="net", ENV{ID_PATH}=="pci-0000:0b:00.0", RUN+="/x"` + "\n", "pci-0000:0b:00.0"},
	"a Path= in a drop-in":         {"/etc/systemd/network/10-x.network.d/a.conf", "[Match]\nPath=pci-0000:0b:00.0\n", "line 2: pci-0000:0b:00.0"},
	"a slot in X's configuration":  {"/etc/X11/xorg.conf", "Section \"Device\"\n BusID \"PCI:0:15:0\"\n", "line 2: PCI:0:15:0"},
	"a slot as the name of a unit": {"/etc/systemd/system/x.service", "[Unit]\nRequires=sys-devices-pci0000:00-0000:00:15.0-net-a.device\n", "line 2"},
	"managed by an address":        {"/etc/NetworkManager/NetworkManager.conf", "[keyfile]\nunmanaged-devices=*,except:mac:52:54:00:aa:bb:cc\n", "line 2: unmanaged-devices names hardware of the old machine (mac:52:54:00:aa:bb:cc)"},
	"managed by VMware's address":  {"/etc/NetworkManager/NetworkManager.conf", "[keyfile]\nunmanaged-devices=*,except:mac:00:50:56:aa:bb:cc\n", "mac:00:50:56:aa:bb:cc"},
	"managed by a driver":          {"/etc/NetworkManager/conf.d/a.conf", "[keyfile]\nunmanaged-devices=*,except:driver:vmxnet3\n", "driver:vmxnet3"},
	"settings for a driver":        {"/etc/NetworkManager/conf.d/a.conf", "[device-x]\nmatch-device=driver:vmxnet3\nmanaged=1\n", "line 2: match-device"},
	// disks, as units
	"a device unit":            {"/etc/systemd/system/x.service", "[Unit]\nBindsTo=dev-sda2.device\n", "dev-sda2.device is the unit of /dev/sda2"},
	"a device by id":           {"/etc/systemd/system/x.service", "[Unit]\nAfter=a.service dev-disk-by\\x2did-scsi\\x2d36000.device\n", "/dev/disk/by-id/scsi-36000"},
	"an enabled swap":          {"/etc/systemd/system/swap.target.wants/dev-sda3.swap", "[Swap]\n", "dev-sda3.swap"},
	"a disk in a timer":        {"/etc/systemd/system/x.timer", "[Unit]\nRequires=dev-sda2.device\n", "dev-sda2.device"},
	"systemd.wants":            {"/boot/grub/grub.cfg", " linux /v systemd.wants=dev-sda3.swap\n", "dev-sda3.swap"},
	"a rule over lines":        {"/etc/udev/rules.d/60-x.rules", "SUBSYSTEM==\"block\", \\\n  ENV{ID_SERIAL}==\"36000c29\", SYMLINK+=\"d\"\n", "line 1: the rule is for a disk"},
	"a disk in sshd's":         {"/etc/pam.d/sshd", "session required pam_exec.so /bin/mount /dev/sda2 /srv\n", "line 1: /dev/sda2"},
	"a disk in dracut.d":       {"/etc/dracut.conf.d/x.conf", "fstab_lines+=(\"/dev/sda2 /x ext4 ro 0 0\")\n", "/dev/sda2"},
	"a device's wants, 2":      {"/etc/systemd/system/dev-sda2.device.wants/x.service", unit, "dev-sda2.device"},
	"a partition of ASM":       {"/etc/udev/rules.d/99-oracle.rules", `KERNEL=="sd?1", SUBSYSTEM=="block", OWNER="grid"` + "\n", `KERNEL=="sd?1"`},
	"a WWID of ASM":            {"/etc/udev/rules.d/99-oracle.rules", `SUBSYSTEM=="block", PROGRAM=="/lib/udev/scsi_id -g -u -d /dev/$name", RESULT=="36000c29f0000000000000000000abcd0", SYMLINK+="asm1"` + "\n", `RESULT==`},
	"a multipath map":          {"/etc/udev/rules.d/99-oracle.rules", `ENV{DM_UUID}=="mpath-36000c29f", SYMLINK+="asm1"` + "\n", `ENV{DM_UUID}`},
	"a model of VMware's":      {"/etc/udev/rules.d/60-x.rules", `SUBSYSTEM=="block", ATTRS{model}=="Virtual disk*", ATTR{queue/rotational}="0"` + "\n", `ATTRS{model}`},
	"a raidtab":                {"/etc/raidtab", "raiddev /dev/md0\n device /dev/sdb1\n", "line 2: /dev/sdb1"},
	"a mount by cron":          {"/etc/cron.d/x", "@reboot root mount /dev/sdb1 /srv\n", "line 1: /dev/sdb1"},
	"a disk's queue, tmpfiles": {"/etc/tmpfiles.d/x.conf", "w /sys/block/sda/queue/scheduler - - - - none\n", "line 1: sda is what"},
	"a disk's queue, sysfs":    {"/etc/sysfs.d/x.conf", "block/sdb/queue/scheduler = none\n", "line 1: sdb is what"},
	"a disk's queue, rc.local": {"/etc/rc.local", "#!/bin/sh\necho none > /sys/block/nvme0n1/queue/scheduler\n", "line 2: nvme0n1 is what"},
	"a profile of tuned":       {"/etc/tuned/db/tuned.conf", "[disk]\ndevices=sda,sdb\n", "line 2: sd"},
	"tmpfiles":                 {"/etc/tmpfiles.d/x.conf", "z /dev/sdb1 0660 root disk\n", "line 1: /dev/sdb1"},
	"nftables, deeper":         {"/etc/nftables/rules.d/lan.nft", "iifname \"ens224\" drop\n", "line 1: ens224"},
	// the hypervisor
	"a unit for VMware":         {"/etc/systemd/system/x.service", "[Unit]\nConditionVirtualization=vmware\n[Service]\nExecStart=/x\n", "line 2: ConditionVirtualization=vmware"},
	"a unit that asserts":       {"/etc/systemd/system/x.service", "[Unit]\nAssertVirtualization=microsoft\n", "AssertVirtualization=microsoft"},
	"a unit for a host":         {"/etc/systemd/system/x.timer", "[Unit]\nConditionHost=564d1234567890abcdef1234567890ab\n", "ConditionHost=564d"},
	"a unit for firmware":       {"/etc/systemd/system/x.service.d/a.conf", "[Unit]\nConditionFirmware=smbios-field(sys_vendor=VMware*)\n", "a.conf line 2: ConditionFirmware"},
	"Xen's inittab":             {"/etc/inittab", "h0:2345:respawn:/sbin/getty 38400 hvc0 linux\n", "line 1: hvc0"},
	"a module to load":          {"/etc/modules-load.d/vm.conf", "# c\nvmw_balloon\n", "line 2: vmw_balloon"},
	"modules of the initramfs":  {"/etc/initramfs-tools/modules", "vmw_pvscsi\n", "line 1: vmw_pvscsi"},
	"modules of dracut":         {"/etc/dracut.conf.d/vm.conf", "add_drivers+=\" vmxnet3 hv_storvsc \"\n", "vmxnet3"},
	"an option of a module":     {"/etc/modprobe.d/pvscsi.conf", "options vmw_pvscsi cmd_per_lun=254\n", "vmw_pvscsi"},
	"an alias of a module":      {"/etc/modprobe.conf", "alias eth0 vmxnet\n", "vmxnet"},
	"modules of Debian":         {"/etc/modules", "loop\nhv_vmbus\n", "line 2: hv_vmbus"},
	"chrony's clock of Hyper-V": {"/etc/chrony/chrony.conf", "refclock PHC /dev/ptp_hyperv poll 3\n", "/dev/ptp_hyperv"},
	"chrony's clock of VMware":  {"/etc/chrony.conf", "server a\nrefclock PHC /dev/ptp0:nocrossts poll 3\n", "line 2: /dev/ptp0"},
	"phc2sys in a unit":         {"/etc/systemd/system/x.service", "[Service]\nExecStart=/usr/sbin/phc2sys -s /dev/ptp1 -O 0\n", "/dev/ptp1"},
	"a unit wanted by a tool":   {"/etc/systemd/system/vmtoolsd.service.wants/x.service", "[Service]\nExecStart=/x\n", "x.service is started with vmtoolsd.service alone"},
	"a unit required by a tool": {"/etc/systemd/system/open-vm-tools.service.requires/x.timer", "[Timer]\n", "x.timer is started with open-vm-tools.service alone"},
	"a unit bound to a tool":    {"/etc/systemd/system/x.service", "[Unit]\nBindsTo=network.target open-vm-tools.service\n", "line 2: open-vm-tools.service"},
	"a drop-in that needs one":  {"/etc/systemd/system/x.service.d/a.conf", "[Unit]\nRequires=vgauthd.service\n", "line 2: vgauthd.service"},
	"VMCI":                      {"/etc/udev/rules.d/99-x.rules", `KERNEL=="vmci", RUN+="/bin/chmod 666 /dev/vmci"` + "\n", "/dev/vmci"},
	"a unit that calls a tool":  {"/etc/systemd/system/x.service", "[Service]\nExecStart=/usr/bin/vmware-rpctool \"info-get x\"\n", "line 2: vmware-rpctool"},
	"a unit that needs a tool":  {"/etc/systemd/system/x.service", "[Unit]\nRequires=vmtoolsd.service\n", "vmtoolsd.service"},
	"rc.local calls a tool":     {"/etc/rc.local", "/usr/bin/vmtoolsd --cmd \"info-get x\"\n", "vmtoolsd"},
	"shared folders":            {"/etc/rc.local", "cp /mnt/hgfs/a /srv\n", "/mnt/hgfs"},
	"an enabled daemon":         {"/etc/systemd/system/multi-user.target.wants/hv_kvp_daemon.service", unit, "hv_kvp_daemon.service"},
	"Xen's console":             {"/etc/default/grub", "GRUB_CMDLINE_LINUX=\"console=hvc0\"\n", "console=hvc0"},
	"modules of a command line": {"/boot/grub/grub.cfg", " linux /v modules_load=vmw_vmci\n", "modules_load=vmw_vmci"},
	"a rule for a driver":       {"/etc/udev/rules.d/60-x.rules", `SUBSYSTEM=="net", DRIVERS=="vmxnet3", RUN+="/x"` + "\n", "line 1: the rule is for a device"},
	"an agent of Azure's":       {"/etc/systemd/system/multi-user.target.wants/walinuxagent.service", unit, "walinuxagent.service"},
	"an init script":            {"/etc/rc3.d/S03vmware-tools", "x", "vmware-tools"},
	// cards in what gives services, routes and machines an interface
	"HAProxy":                    {"/etc/haproxy/haproxy.cfg", "frontend a\n bind *:80 interface ens224\n", "line 2: ens224"},
	"Pacemaker":                  {"/var/lib/pacemaker/cib/cib.xml", "<nvpair name=\"nic\" value=\"ens224\"/>\n", "line 1: ens224"},
	"a network of libvirt":       {"/etc/libvirt/qemu/networks/a.xml", "<network>\n <forward dev='ens224'/>\n", "line 2: ens224"},
	"a machine of libvirt":       {"/etc/libvirt/qemu/a.xml", "<source dev=\"ens224\" mode=\"bridge\"/>\n", "ens224"},
	"a pool of libvirt":          {"/etc/libvirt/storage/a.xml", "<device path='/dev/sdb'/>\n", "/dev/sdb"},
	"LXC":                        {"/var/lib/lxc/a/config", "lxc.net.0.link = ens224\n", "ens224"},
	"CNI":                        {"/etc/cni/net.d/10-a.conflist", "{\"master\": \"ens224\"}\n", "ens224"},
	"podman":                     {"/etc/containers/networks/a.json", "{\"network_interface\": \"ens224\"}\n", "ens224"},
	"k3s":                        {"/etc/rancher/k3s/config.yaml", "flannel-iface: ens224\n", "ens224"},
	"kube-vip":                   {"/etc/kubernetes/manifests/kube-vip.yaml", "- name: vip_interface\n  value: ens224\n", "line 2: ens224"},
	"ntpd":                       {"/etc/ntp.conf", "interface listen ens224\n", "ens224"},
	"lldpd":                      {"/etc/lldpd.d/a.conf", "configure system interface pattern ens224\n", "ens224"},
	"igmpproxy":                  {"/etc/igmpproxy.conf", "phyint ens224 upstream\n", "ens224"},
	"miniupnpd":                  {"/etc/miniupnpd/miniupnpd.conf", "ext_ifname=ens224\n", "ens224"},
	"ndppd":                      {"/etc/ndppd.conf", "proxy ens224 {\n", "ens224"},
	"pimd":                       {"/etc/pimd.conf", "phyint ens224 enable\n", "ens224"},
	"swanctl":                    {"/etc/swanctl/conf.d/a.conf", "if = ens224\n", "ens224"},
	"teamd":                      {"/etc/teamd/a.conf", "{\"ports\": {\"ens224\": {}}}\n", "ens224"},
	"tinc":                       {"/etc/tinc/v/tinc-up", "#!/bin/sh\nip route add x dev ens224\n", "line 2: ens224"},
	"Open vSwitch":               {"/etc/openvswitch/conf.db", "{\"Interface\":{\"a\":{\"name\":\"ens224\"}}}\n", "ens224"},
	"a dispatcher before":        {"/etc/NetworkManager/dispatcher.d/pre-up.d/a", "[ \"$1\" = ens224 ]\n", "ens224"},
	"a profile of the image's":   {"/usr/lib/NetworkManager/system-connections/a.nmconnection", "[connection]\ninterface-name=ens224\n", "line 2: ens224"},
	"networkd's, in /usr":        {"/usr/lib/systemd/network/10-a.network", "[Match]\nName=ens224\n", "line 2: ens224"},
	"networkd's, by address":     {"/usr/local/lib/systemd/network/10-a.network", "[Match]\nMACAddress=00:50:56:00:00:01\n", "line 2: 00:50:56"},
	"iptables beside ifupdown's": {"/etc/network/iptables.rules", "-A INPUT -i ens224 -j ACCEPT\n", "ens224"},
	"iptables of Gentoo":         {"/var/lib/iptables/rules-save", "-A INPUT -i ens224 -j ACCEPT\n", "ens224"},
	"a job of Upstart":           {"/etc/init/a.conf", "start on net-device-up IFACE=ens224\n", "ens224"},
	"a script of System V":       {"/etc/init.d/fw", "#!/bin/sh\niptables -A INPUT -i ens224 -j ACCEPT\n", "line 2: ens224"},
	"enX1 of Xen":                {"/etc/nftables.conf", "iifname \"enX1\" accept\n", "enX1"},
	"an address of Oracle VM's":  {"/etc/default/x", "MAC=00:21:f6:00:00:01\n", "00:21:f6"},
	"an address of Azure's":      {"/etc/default/x", "MAC=00:0D:3A:00:00:01\n", "00:0D:3A"},
	// disks in what is started
	"a mount unit in /usr":        {"/usr/lib/systemd/system/data.mount", "[Mount]\nWhat=/dev/sdb1\n", "line 2: /dev/sdb1"},
	"a unit in /usr/local":        {"/usr/local/lib/systemd/system/a.service", "[Service]\nExecStart=/bin/mount /dev/sdb1 /srv\n", "line 2: /dev/sdb1"},
	"a mount by System V":         {"/etc/init.d/data", "#!/bin/sh\nmount /dev/sdb1 /srv\n", "line 2: /dev/sdb1"},
	"a mount by Slackware's":      {"/etc/rc.d/rc.mydata", "mount /dev/sdb1 /srv\n", "/dev/sdb1"},
	"a mount by Upstart":          {"/etc/init/data.conf", "exec mount /dev/sdb1 /srv\n", "/dev/sdb1"},
	"a mount by root's crontab":   {"/var/spool/cron/root", "@reboot mount /dev/sdb1 /srv\n", "/dev/sdb1"},
	"a mount by Debian's crontab": {"/var/spool/cron/crontabs/root", "@reboot mount /dev/sdb1 /srv\n", "/dev/sdb1"},
	"a target of iSCSI":           {"/etc/target/saveconfig.json", "{\"dev\": \"/dev/sdb1\"}\n", "/dev/sdb1"},
	"VDO":                         {"/etc/vdoconf.yml", "      device: /dev/disk/by-id/scsi-36000c29\n", "/dev/disk/by-id/scsi-36000c29"},
	"names of ZFS":                {"/etc/zfs/vdev_id.conf", "alias d1 /dev/disk/by-id/scsi-36000c29\n", "/dev/disk/by-id/scsi-36000c29"},
	"the cache of ZFS":            {"/etc/zfs/zpool.cache", "\x00\x01path\x00/dev/disk/by-id/scsi-36000c29-part1\x00", "ZFS does not find its pools"},
	"a disk of Azure's":           {"/etc/rc.local", "mount /dev/disk/azure/scsi1/lun0-part1 /srv\n", "/dev/disk/azure"},
	// the hypervisor
	"Ignition's platform":        {"/boot/grub/grub.cfg", " linux /v ignition.platform.id=vmware\n", "ignition.platform.id=vmware"},
	"Flatcar's platform":         {"/boot/grub/grub.cfg", " linux /v flatcar.oem.id=azure\n", "flatcar.oem.id=azure"},
	"VMware's graphics card":     {"/etc/X11/xorg.conf", "Section \"Device\"\n Driver \"vmware\"\n", "line 2: \"vmware\" drives a graphics card"},
	"VirtualBox's graphics card": {"/etc/X11/xorg.conf.d/20-x.conf", "  driver  \"vboxvideo\"\n", "line 1: \"vboxvideo\""},
	"routes of SUSE":             {"/etc/sysconfig/network/routes", "10.0.0.0/8 192.0.2.1 - ens224\n", "line 1: ens224"},
	"a route by another card":    {"/etc/sysconfig/network-scripts/route-ens192", "10.0.0.0/8 dev ens224\n", "line 1: ens224"},
	"RHEL's hook":                {"/sbin/ifup-local", "#!/bin/sh\n[ \"$1\" = ens224 ]\n", "line 2: ens224"},
	"a script of grub-mkconfig":  {"/etc/grub.d/11_old", "cat <<EOF\nlinux /v root=/dev/sdb1\nEOF\n", "line 2: /dev/sdb1"},
	"mounts of cloud-init":       {"/etc/cloud/cloud.cfg.d/a.cfg", "mounts:\n - [ /dev/sdb1, /srv ]\n", "line 2: /dev/sdb1"},
	"modules of booster":         {"/etc/booster.yaml", "modules: vmw_pvscsi\n", "vmw_pvscsi"},
}

// silent are files of guests that are as they should be.
var silent = map[string]struct{ file, text string }{
	"a card that is kept":            {"/etc/nftables.conf", "iifname \"ens192\" accept\n"},
	"its VLAN":                       {"/etc/sysctl.conf", "net.ipv4.conf.ens192/100.rp_filter = 0\n"},
	"eth0 where cards have slots":    {"/etc/dnsmasq.conf", "interface=eth0\n"},
	"words":                          {"/etc/samba/smb.conf", "encrypt passwords = yes\nenable x = endpoint\nensure = environment\n"},
	"a comment":                      {"/etc/keepalived/keepalived.conf", "! interface ens224\n# ens224\n"},
	"an address that is kept":        {"/etc/udev/rules.d/70-x.rules", `SUBSYSTEM=="net", ATTR{address}=="00:50:56:00:00:02", RUN+="/x"` + "\n"},
	"addresses of other machines":    {"/etc/dnsmasq.conf", "dhcp-host=00:50:56:00:00:77,192.0.2.7\n"},
	"clients of a DHCP server":       {"/etc/dhcp/dhcpd.conf", "hardware ethernet 00:0c:29:00:00:77;\n"},
	"an address of nobody's":         {"/etc/default/x", "MAC=02:00:00:00:00:01\n"},
	"a blacklisted driver":           {"/etc/modprobe.d/b.conf", "blacklist vmwgfx\n"},
	"a driver of QEMU's":             {"/etc/modules-load.d/x.conf", "virtio_net\nvhost_vsock\n"},
	"part of a tool":                 {"/etc/systemd/system/x.service", "[Unit]\nPartOf=vmtoolsd.service\n"},
	"a tool that needs another":      {"/etc/systemd/system/vgauthd.service", "[Unit]\nRequires=open-vm-tools.service\n"},
	"a tool with a tool":             {"/etc/systemd/system/vmtoolsd.service.wants/vgauthd.service", "[Unit]\nConditionVirtualization=vmware\n"},
	"a clock by its name":            {"/etc/chrony.conf", "refclock PHC /dev/ptp_kvm poll 3\n#refclock PHC /dev/ptp0\n"},
	"an order":                       {"/etc/systemd/system/x.service", "[Unit]\nAfter=vmtoolsd.service\n"},
	"a mount's own words":            {"/etc/default/x", "A=\"vmtoolsd\"\n"},
	"a unit by UUID":                 {"/etc/systemd/system/x.service", "[Unit]\nBindsTo=dev-disk-by\\x2duuid-root\\x2duuid.device dev-mapper-vg\\x2da.device\n"},
	"the kept card's unit":           {"/etc/systemd/system/x.service", "[Unit]\nBindsTo=sys-subsystem-net-devices-ens192.device\n"},
	"a daemon that asks":             {"/etc/systemd/system/multi-user.target.wants/open-vm-tools.service", "[Unit]\nConditionVirtualization=vmware\n"},
	"another name of such a daemon":  {"/etc/systemd/system/vmtoolsd.service", "[Unit]\nConditionVirtualization=vmware\n[Service]\nExecStart=/usr/bin/vmtoolsd\n"},
	"a drop-in of such a daemon":     {"/etc/systemd/system/open-vm-tools.service.d/a.conf", "[Unit]\nConditionVirtualization=vmware\n"},
	"a unit for machines":            {"/etc/systemd/system/x.service", "[Unit]\nConditionVirtualization=!container\nConditionHost=web1\nConditionFirmware=uefi\n"},
	"an ordinary inittab":            {"/etc/inittab", "1:2345:respawn:/sbin/getty 38400 tty1\n#h0:2345:respawn:/sbin/getty hvc0\n"},
	"a rule for all LVM volumes":     {"/etc/udev/rules.d/60-x.rules", `ENV{DM_UUID}=="LVM-?*", OPTIONS+="watch"` + "\n" + `ENV{DM_UUID}=="mpath-?*", OPTIONS+="x"` + "\n"},
	"a copy":                         {"/etc/nftables.conf.bak", "iifname \"ens224\"\n"},
	"managed by its name":            {"/etc/NetworkManager/NetworkManager.conf", "[keyfile]\nunmanaged-devices=*,except:interface-name:ens192,except:driver:vmxnet3\n"},
	"managed by an address it has":   {"/etc/NetworkManager/NetworkManager.conf", "[keyfile]\nunmanaged-devices=*,except:mac:00:50:56:00:00:02\n"},
	"unmanaged bridges":              {"/etc/NetworkManager/NetworkManager.conf", "[keyfile]\nunmanaged-devices=interface-name:docker*;driver:veth\n"},
	"settings of Wi-Fi and virtio":   {"/etc/NetworkManager/conf.d/a.conf", "[device-x]\nmatch-device=type:wifi\n[device-y]\nmatch-device=driver:virtio*\n"},
	"a rule for all disks":           {"/etc/udev/rules.d/60-x.rules", `KERNEL=="sd*[!0-9]|vd*", ATTR{queue/scheduler}="none"` + "\n"},
	"a menu that was edited":         {"/boot/grub/grub.cfg", " linux /v root=UUID=x console=ttyS0 ip=::::h:ens192:dhcp\n"},
	"an IPv6 address":                {"/etc/default/x", "A=2001:db8:0000:00:15:5d:0000:01\nB=0000:00:00:00\n"},
	"a tunnel of the guest's own":    {"/etc/wireguard/wg0.conf", "PostUp = iptables -o br0\n"},
	"what the fix has written":       {"/etc/systemd/network/10-hyper2kvm-ens224.link.d/x.conf", "[Link]\nName=ens224\n"},
	"a network file, edited already": {"/etc/systemd/network/10-a.network", "[Match]\nName=ens192\n[Network]\nDHCP=yes\n"},
	"networkd's, in /usr, for any":   {"/usr/lib/systemd/network/80-a.network", "[Match]\nName=e*\n[Network]\nDHCP=yes\n"},
	"Ignition on QEMU":               {"/boot/grub/grub.cfg", " linux /v ignition.platform.id=qemu flatcar.oem.id=qemu\n"},
	"a script of the distribution":   {"/etc/init.d/vmware-tools", "#!/bin/sh\nmodprobe vmxnet\n# /dev/sdb1\nvmware-toolbox-cmd x\n"},
	"the cache of ZFS by others":     {"/etc/zfs/zpool.cache", "\x00/dev/mapper/crypt\x00/dev/disk/by-partuuid/x\x00"},
	"a graphics card of any":         {"/etc/X11/xorg.conf", "Section \"Device\"\n Driver \"modesetting\"\n"},
	"a mouse of VMware's":            {"/etc/X11/xorg.conf", " Driver \"vmmouse\"\n"},
	"rules of udev's for a CD drive": {"/etc/udev/rules.d/70-persistent-cd.rules", `SUBSYSTEM=="block", ENV{ID_CDROM}=="?*", ENV{ID_PATH}=="pci-0000:00:07.1-scsi-1:0:0:0", SYMLINK+="cdrom", ENV{GENERATED}="1"` + "\n"},
	"a pool by UUID":                 {"/etc/libvirt/storage/a.xml", "<device path='/dev/disk/by-uuid/x'/>\n"},
	"the kept card, by k3s":          {"/etc/rancher/k3s/config.yaml", "flannel-iface: ens192\n"},
	"a map's device by label":        {"/etc/auto.master", "/misc /etc/auto.misc\n+auto.master\n-hosts\n"},
	"the target's own wants":         {"/etc/systemd/system/multi-user.target.wants/ssh.service", unit},
}

func warningsOf(t *testing.T, file, text string, cards network.Kept) []string {
	t.Helper()
	e := edittest.New(t, edit.Guest{FS: guesttest.New(t, map[string]string{file: text}), Mounts: guesttest.Mounts})
	if err := Find(e.Reader, devname.New(guesttest.Devices, guesttest.Mounts), cards); err != nil {
		t.Fatal(err)
	}
	changes, warnings := e.Take()
	if len(changes) > 0 {
		t.Errorf("changes = %v", changes)
	}
	var messages []string
	for _, w := range warnings {
		if w.Remedy == "" {
			t.Errorf("%s has no remedy", w.Message)
		}
		messages = append(messages, w.Message)
	}
	return messages
}

func TestFindTellsTheOldMachine(t *testing.T) {
	t.Parallel()
	for name, tt := range left {
		got := warningsOf(t, tt.file, tt.text, kept)
		if len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), tt.message) || !strings.HasPrefix(got[0], tt.file) && !strings.HasPrefix(tt.file, strings.Fields(got[0])[0]) {
			t.Errorf("%s: %q", name, got)
		}
		if len(got) > 2 {
			t.Errorf("%s: told too often: %q", name, got)
		}
	}
}

func TestFindIsSilentOnGoodGuests(t *testing.T) {
	t.Parallel()
	for name, tt := range silent {
		if got := warningsOf(t, tt.file, tt.text, kept); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestFindNamesOfTheKernel: eth0 is a name that the new machine has too, unless
// udev names cards and none was known by another name, as on Hyper-V.
func TestFindNamesOfTheKernel(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cards network.Kept
		found bool
	}{
		"the kernel names cards":     {network.Kept{ByKernel: true}, false},
		"udev does, as on Hyper-V":   {network.Kept{}, true},
		"udev does, and eth1 is one": {network.Kept{Names: []string{"eth1"}}, true},
		"udev does, eth0 is kept":    {network.Kept{Names: []string{"eth0"}}, false},
		"udev does, ens192 is one":   {kept, false},
	} {
		if got := warningsOf(t, "/etc/nftables.conf", "iifname eth0 accept\n", tt.cards); (len(got) > 0) != tt.found {
			t.Errorf("%s: %q", name, got)
		}
	}
}
