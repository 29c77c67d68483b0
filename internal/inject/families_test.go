package inject

// File sets as the distributions install them, shortened.

var debianFiles = map[string]string{
	"/etc/os-release": "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n",
	"/etc/passwd": `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
systemd-network:x:998:998:systemd Network Management:/:/usr/sbin/nologin
alice:x:1000:1000:Alice,,,:/home/alice:/bin/bash
`,
	"/etc/shadow": `root:*:19700:0:99999:7:::
daemon:*:19700:0:99999:7:::
nobody:*:19700:0:99999:7:::
systemd-network:!*:19700::::::
alice:$y$j9T$oldsalt$oldhashofalice:19700:0:99999:7:::
`,
	"/etc/group":   "root:x:0:\ndaemon:x:1:\nadm:x:4:\nsudo:x:27:alice\nusers:x:100:\nsystemd-network:x:998:\nalice:x:1000:\nnogroup:x:65534:\n",
	"/etc/gshadow": "root:*::\ndaemon:*::\nadm:*::\nsudo:*::alice\nusers:*::\nsystemd-network:!*::\nalice:!::\nnogroup:*::\n",
	"/etc/subuid":  "alice:100000:65536\n",
	"/etc/subgid":  "alice:100000:65536\n",
	"/etc/login.defs": `# comment
PASS_MAX_DAYS	99999
PASS_MIN_DAYS	0
PASS_WARN_AGE	7
UID_MIN			 1000
UID_MAX			60000
GID_MIN			 1000
GID_MAX			60000
USERGROUPS_ENAB yes
`,
	"/etc/default/useradd":     "SHELL=/bin/sh\n# HOME=/home\n",
	"/etc/skel/.bashrc":        "# bashrc\n",
	"/etc/skel/.config/dir/rc": "rc\n",
	"/etc/sudoers":             "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
	"/etc/ssh/sshd_config":     "Include /etc/ssh/sshd_config.d/*.conf\n#AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2\n",
	"/etc/nsswitch.conf":       "passwd: files systemd\nhosts:          files dns\n",
	"/etc/hostname":            "oldbox\n",
	"/etc/hosts":               "127.0.0.1\tlocalhost\n127.0.1.1\toldbox.corp.example oldbox\n\n# IPv6\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n",
	"/etc/machine-id":          "0123456789abcdef0123456789abcdef\n",
	"/var/lib/dbus/machine-id": "-> /etc/machine-id",
	"/etc/network/interfaces":  "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n\nallow-hotplug ens192\niface ens192 inet dhcp\n",
	"/usr/bin/bash":            "#!",
	"/usr/bin/sh":              "#!",
	"/usr/sbin/nologin":        "#!",
	"/usr/sbin/visudo":         "#!",
	"/bin":                     "-> usr/bin",
	"/sbin":                    "-> usr/sbin",
	"/lib":                     "-> usr/lib",

	"/usr/lib/systemd/systemd":                      "#!",
	"/usr/lib/systemd/system/ssh.service":           "[Unit]\nDescription=ssh\n[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n",
	"/usr/lib/systemd/system/ssh.socket":            "[Install]\nWantedBy=sockets.target\n",
	"/usr/lib/systemd/system/cron.service":          "[Install]\nWantedBy=multi-user.target\n",
	"/usr/lib/udev/ifupdown-hotplug":                "#!",
	"/usr/lib/systemd/system/ifup@.service":         "[Service]\nExecStart=x\n",
	"/usr/lib/systemd/system/networking.service":    "[Install]\nWantedBy=multi-user.target\nWantedBy=network-online.target\n",
	"/usr/lib/systemd/system/open-vm-tools.service": "[Install]\nWantedBy=multi-user.target\n",
	"/usr/lib/systemd/system/vmtoolsd.service":      "-> open-vm-tools.service",
	"/usr/lib/systemd/system/getty@.service":        "[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\n",
	"/usr/lib/systemd/system/serial-getty@.service": "[Install]\nWantedBy=getty.target\n",
	"/usr/lib/systemd/system/systemd-udevd.service": "[Service]\nExecStart=x\n",
	"/usr/lib/systemd/system/fstrim.timer":          "[Install]\nWantedBy=timers.target\n",
	"/usr/lib/systemd/system/systemd-networkd.service": "[Install]\nWantedBy=multi-user.target\nAlias=dbus-org.freedesktop.network1.service\n" +
		"Also=systemd-networkd.socket systemd-network-generator.service\nAlso=systemd-networkd-wait-online.service\n",
	"/usr/lib/systemd/system/systemd-networkd.socket":                    "[Install]\nWantedBy=sockets.target\n",
	"/usr/lib/systemd/system/systemd-network-generator.service":          "[Install]\nWantedBy=sysinit.target\n",
	"/usr/lib/systemd/system/systemd-networkd-wait-online.service":       "[Install]\nWantedBy=network-online.target\n",
	"/etc/systemd/system/multi-user.target.wants/cron.service":           "-> /lib/systemd/system/cron.service",
	"/etc/systemd/system/multi-user.target.wants/networking.service":     "-> /lib/systemd/system/networking.service",
	"/etc/systemd/system/network-online.target.wants/networking.service": "-> /lib/systemd/system/networking.service",
	"/etc/systemd/system/multi-user.target.wants/open-vm-tools.service":  "-> /lib/systemd/system/open-vm-tools.service",
	"/etc/systemd/system/vmtoolsd.service":                               "-> /lib/systemd/system/open-vm-tools.service",
	"/etc/systemd/system/getty.target.wants/getty@tty1.service":          "-> /lib/systemd/system/getty@.service",
}

var redHatFiles = map[string]string{
	"/etc/os-release":                      "NAME=\"AlmaLinux\"\nID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.3\"\n",
	"/etc/passwd":                          "root:x:0:0:root:/root:/bin/bash\nadm:x:3:4:adm:/var/adm:/sbin/nologin\n",
	"/etc/shadow":                          "root:!locked::0:99999:7:::\nadm:*:19347:0:99999:7:::\n",
	"/etc/group":                           "root:x:0:\nwheel:x:10:\nssh_keys:x:999:\n",
	"/etc/gshadow":                         "root:::\nwheel:::\nssh_keys:!::\n",
	"/etc/login.defs":                      "UID_MIN 1000\nUID_MAX 60000\nSYS_GID_MIN 201\nSYS_GID_MAX 999\nHOME_MODE 0700\nUSERGROUPS_ENAB yes\n",
	"/etc/hostname":                        "localhost.localdomain\n",
	"/etc/hosts":                           "127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4\n::1         localhost localhost.localdomain localhost6 localhost6.localdomain6\n",
	"/etc/nsswitch.conf":                   "hosts:      files dns myhostname\n",
	"/etc/selinux/config":                  "# comment\nSELINUX=enforcing\nSELINUXTYPE=targeted\n",
	"/etc/sudoers":                         "#includedir /etc/sudoers.d\n",
	"/usr/bin/bash":                        "#!",
	"/bin":                                 "-> usr/bin",
	"/usr/lib/systemd/systemd":             "#!",
	"/usr/lib/systemd/system/sshd.service": "[Install]\nWantedBy=multi-user.target\n",
	"/usr/lib/systemd/system/NetworkManager.service":                     "[Install]\nWantedBy=multi-user.target\nAlso=NetworkManager-dispatcher.service NetworkManager-wait-online.service\n",
	"/usr/lib/systemd/system/NetworkManager-wait-online.service":         "[Install]\nWantedBy=network-online.target\n",
	"/usr/lib/systemd/system/NetworkManager-dispatcher.service":          "[Install]\nAlias=dbus-org.freedesktop.nm-dispatcher.service\n",
	"/etc/systemd/system/multi-user.target.wants/NetworkManager.service": "-> /usr/lib/systemd/system/NetworkManager.service",
}

var suseFiles = map[string]string{
	"/etc/os-release":                        "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n",
	"/etc/passwd":                            "root:x:0:0:root:/root:/bin/bash\n+::::::\n",
	"/etc/shadow":                            "root:!:19347::::::\n",
	"/etc/group":                             "root:x:0:\nusers:x:100:\nwheel:x:497:\n+:::\n",
	"/etc/login.defs":                        "UID_MIN 1000\nUID_MAX 60000\nUSERGROUPS_ENAB no\n",
	"/etc/default/useradd":                   "GROUP=100\nHOME=/home\nSHELL=/bin/bash\n",
	"/etc/hostname":                          "linux-a1b2\n",
	"/etc/HOSTNAME":                          "-> hostname",
	"/etc/hosts":                             "127.0.0.1       localhost\n::1             localhost ipv6-localhost ipv6-loopback\n",
	"/etc/nsswitch.conf":                     "hosts:  files mdns_minimal [NOTFOUND=return] dns\n",
	"/bin/bash":                              "#!",
	"/usr/lib/systemd/systemd":               "#!",
	"/usr/lib/systemd/system/wicked.service": "[Install]\nWantedBy=multi-user.target\nAlias=network.service\n",
	"/etc/systemd/system/network.service":    "-> /usr/lib/systemd/system/wicked.service",
	"/etc/systemd/system/multi-user.target.wants/wicked.service": "-> /usr/lib/systemd/system/wicked.service",
	"/etc/sysconfig/network/ifcfg-eth0":                          "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n",
	"/usr/lib/systemd/system/systemd-networkd.service":           "[Install]\nWantedBy=multi-user.target\n",
}

var alpineFiles = map[string]string{
	"/etc/os-release":              "ID=alpine\nVERSION_ID=3.19.1\n",
	"/etc/passwd":                  "root:x:0:0:root:/root:/bin/ash\nguest:x:405:100:guest:/dev/null:/sbin/nologin\n",
	"/etc/shadow":                  "root:*::0:::::\nguest:!::0:::::\n",
	"/etc/group":                   "root:x:0:root\nwheel:x:10:root\nusers:x:100:games\n",
	"/etc/hostname":                "localhost\n",
	"/etc/hosts":                   "127.0.0.1\tlocalhost localhost.localdomain\n::1\t\tlocalhost localhost.localdomain\n",
	"/bin/ash":                     "#!",
	"/bin/sh":                      "#!",
	"/sbin/openrc":                 "#!",
	"/etc/init.d/sshd":             "#!/sbin/openrc-run\n",
	"/etc/init.d/crond":            "#!/sbin/openrc-run\n",
	"/etc/init.d/docker":           "#!/sbin/openrc-run\n",
	"/etc/runlevels/default/crond": "-> /etc/init.d/crond",
	"/etc/runlevels/boot":          "dir",
}
