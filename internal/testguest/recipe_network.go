package testguest

import "maps"

// ifupdownStatic is a static address in /etc/network/interfaces, in the
// network that Boot gives to the guest.
func ifupdownStatic(nic, address string) map[string]File {
	return map[string]File{"/etc/network/interfaces": {Content: `# This file describes the network interfaces available on your system
# and how to activate them. For more information, see interfaces(5).

source /etc/network/interfaces.d/*

# The loopback network interface
auto lo
iface lo inet loopback

# The primary network interface
allow-hotplug ` + nic + `
iface ` + nic + ` inet static
	address ` + address + `/24
	gateway 192.0.2.2
`}}
}

// networkdStatic is a static address in systemd-networkd's configuration, of a
// card that VMware's slot names ens192.
func networkdStatic(address string) map[string]File {
	return map[string]File{"/etc/systemd/network/10-ens192.network": {Content: `[Match]
Name=ens192

[Network]
Address=` + address + `/24
Gateway=192.0.2.2
DNS=192.0.2.3
`}}
}

// netplanStatic is a static address in netplan's configuration, tied to the old
// card's MAC address as an installer would write it.
func netplanStatic(nic, address string) map[string]File {
	return map[string]File{"/etc/netplan/50-cloud-init.yaml": {Mode: 0o600, Content: `network:
  version: 2
  renderer: networkd
  ethernets:
    ` + nic + `:
      match:
        macaddress: "00:50:56:9a:01:03"
      set-name: ` + nic + `
      addresses: [` + address + `/24]
      routes:
        - to: default
          via: 192.0.2.2
`}}
}

// networkManagerStatic is a static address in a NetworkManager keyfile. The
// probe waits for NetworkManager, which sets addresses when the boot is over.
func networkManagerStatic(nic, address string) map[string]File {
	return map[string]File{"/etc/systemd/system/" + probeUnitName + ".d/network-manager.conf": {Content: `[Service]
ExecStartPre=-/usr/bin/nm-online -s -q -t 120
`}, "/etc/NetworkManager/system-connections/" + nic + ".nmconnection": {Mode: 0o600, Content: `[connection]
id=` + nic + `
uuid=` + deriveUUID(nic, address) + `
type=ethernet
interface-name=` + nic + `

[ethernet]
mac-address=00:50:56:9A:01:04

[ipv4]
method=manual
address1=` + address + `/24,192.0.2.2

[ipv6]
method=auto
`}}
}

// merged returns all files in one map; later maps win.
func merged(all ...map[string]File) map[string]File {
	files := map[string]File{}
	for _, m := range all {
		maps.Copy(files, m)
	}
	return files
}
