package testguest

// tarballTools are files of VMware Tools installed by its own installer.
func tarballTools() map[string]File {
	script := func(text string) File { return File{Content: "#!/bin/sh\n" + text, Mode: 0o755} }
	return map[string]File{
		"/etc/vmware-tools/locations": {Content: `file /etc/vmware-tools/locations
directory /etc/vmware-tools
answer BINDIR /usr/bin
answer SBINDIR /usr/sbin
answer INITSCRIPTSDIR /etc/init.d
file /usr/bin/vmware-uninstall-tools.pl 1404904466
file /usr/bin/vmware-toolbox-cmd 1404904466
file /etc/init.d/vmware-tools 1404904466
file /etc/systemd/system/vmware-tools.service 1404904466
`},
		"/etc/vmware-tools/tools.conf":             {Content: "[logging]\nlog = false\n"},
		"/etc/vmware-tools/installer.sh":           script("exit 1\n"),
		"/usr/bin/vmware-config-tools.pl":          script("exit 1\n"),
		"/usr/bin/vmware-uninstall-tools.pl":       script("echo 'The installer database is damaged.' >&2\nexit 1\n"),
		"/usr/bin/vmware-toolbox-cmd":              script("exit 1\n"),
		"/usr/lib/vmware-tools/sbin/vmware-guestd": script("exit 1\n"),
		"/etc/init.d/vmware-tools": script(`### BEGIN INIT INFO
# Provides:          vmware-tools
# Required-Start:    $local_fs
# Required-Stop:     $local_fs
# Default-Start:     2 3 5
# Default-Stop:      0 6
# Short-Description: VMware Tools service
### END INIT INFO
exit 1
`),
		"/etc/systemd/system/vmware-tools.service": {Content: `[Unit]
Description=VMware Tools from the tarball

[Service]
ExecStart=/usr/lib/vmware-tools/sbin/vmware-guestd

[Install]
WantedBy=multi-user.target
`},
	}
}
