package testguest

// What debian12PowerCut prints to its console, as regular expressions: the number
// of a record when it is on the disk in both of its file systems, and at the start
// the last record that each of them has.
const (
	RecordWritten = `testguest-records: written (\d+)`
	RecordsFound  = `testguest-records: found (\d+) (\d+)`
)

// debian12PowerCut writes to an ext4 and an xfs file system as long as it runs:
// files are made, written to the disk, and the older ones removed. Where it is
// switched off without a warning, both journals are left to be replayed. At each
// start it compares the files with their checksums, and says which are there.
func debian12PowerCut() Recipe {
	r := debian12BIOS()
	r.Name = "debian12-bios-power-cut"
	r.Description = "Debian 12, BIOS, MBR, ext4 with root=/dev/sda1 and xfs on /dev/sda2, a guest that writes until its power is cut"
	r.Hostname = "ledger01"
	r.Bootstrap.Packages = []string{
		"linux-image-cloud-amd64", "initramfs-tools", "grub-pc",
		"e2fsprogs", "xfsprogs", "ifupdown", "open-vm-tools",
	}
	r.Layout.Disks[0].SizeMiB = 3584
	r.Layout.Disks[0].Partitions = []Partition{
		{SizeMiB: 2688, Use: UseLinux, Bootable: true},
		{SizeMiB: 512, Use: UseLinux},
		{Use: UseSwap},
	}
	r.Layout.Filesystems = []Filesystem{
		{Device: "/dev/sda1", Type: "ext4", Mount: "/"},
		{Device: "/dev/sda2", Type: "xfs", Mount: "/srv"},
		{Device: "/dev/sda3", Type: "swap"},
	}
	r.Files = merged(ifupdownStatic("ens192", "192.0.2.26"), map[string]File{
		"/usr/local/sbin/testguest-records": {Mode: 0o755, Content: `#!/bin/sh -eu
found=
for folder in /var/lib/records /srv/records; do
	mkdir -p $folder
	last=0
	for sum in $(ls $folder | sed -n 's/\.sum$//p' | sort -n); do
		(cd $folder && sha256sum --quiet -c $sum.sum)
		last=$sum
	done
	found="$found $last"
done
echo "testguest-records: found$found" >/dev/console
`},
		"/usr/local/sbin/testguest-record": {Mode: 0o755, Content: `#!/bin/sh -eu
number=$(ls /srv/records | sed -n 's/\.sum$//p' | sort -n | tail -n 1)
while :; do
	number=$((${number:-0} + 1))
	for folder in /var/lib/records /srv/records; do
		cd $folder
		head -c 20000 /dev/urandom >$number
		sync $number
		sha256sum $number >$number.new
		sync $number.new
		mv $number.new $number.sum
		sync .
		rm -f -- $((number - 50)) $((number - 50)).sum
	done
	echo "testguest-records: written $number" >/dev/console
	sleep 0.2
done
`},
		"/etc/systemd/system/testguest-records.service": {Content: `[Unit]
Description=Compare the records with their checksums
RequiresMountsFor=/srv

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/testguest-records

[Install]
WantedBy=multi-user.target
`},
		"/etc/systemd/system/testguest-record.service": {Content: `[Unit]
Description=Write records
Requires=testguest-records.service
After=testguest-records.service testguest-probe.service

[Service]
ExecStart=/usr/local/sbin/testguest-record

[Install]
WantedBy=multi-user.target
`},
	})
	r.Commands = []string{"systemctl enable testguest-records.service testguest-record.service"}
	return r
}
