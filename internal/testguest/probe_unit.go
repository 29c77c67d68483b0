package testguest

// The probe prints what a booted guest sees of itself. It starts with the boot
// and waits for its end, so it must not be of a type whose start is a job that
// the boot waits for.
const probeUnit = `[Unit]
Description=Print the state of this test guest to the console

[Service]
Type=simple
ExecStart=/usr/local/sbin/testguest-probe
StandardOutput=null
StandardError=null

[Install]
WantedBy=multi-user.target
`

const probeUnitName = "testguest-probe.service"

// The text is written at once so that other console output rarely gets between.
const probeScript = `#!/bin/sh
state=$(timeout 150 systemctl is-system-running --wait)
text=$(
	echo BEGIN
	echo "hostname $(hostname)"
	echo "kernel $(uname -r)"
	echo "system $state"
	systemctl list-units --failed --plain --no-legend | sed 's/^[^a-zA-Z]*//; s/ .*//; s/^/failed /'
	ip -br addr | sed 's/^/address /'
	ip route | sed 's/^/route /'
	findmnt -rno TARGET,SOURCE,FSTYPE --real | sed 's/^/mount /'
	sed -e 1d -e 's/^/swap /' /proc/swaps
	sed 's/^/cmdline /' /proc/cmdline
	echo END
)
printf '%s\n' "$text" | sed 's/^/testguest-probe: /' >/run/testguest-probe
{ echo; cat /run/testguest-probe; } >/dev/console
`
