#!/bin/sh
# Tells over a virtio port how this guest has booted, for pipeline.validate.boot of
# hyper2kvm. It is in the layer of that one boot alone, and is thrown away with it.
# What it says is read by ParseFacts of internal/boot.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
trap '' HUP
exec </dev/null >/dev/null 2>&1

# In seconds after the kernel's start: what is known by then is told.
limit=@LIMIT@

uptime=0
look_at_clock() {
	read -r uptime rest </proc/uptime || return
	seconds=${uptime%%.*}
}

port=
find_port() {
	for name in /sys/class/virtio-ports/*/name; do
		known=
		read -r known <"$name"
		[ "$known" = @PORT@ ] || continue
		name=${name%/name}
		port=/dev/${name##*/}
		if [ ! -e "$port" ]; then
			IFS=: read -r major minor <"$name/dev" && mknod "$port" c "$major" "$minor"
		fi
		[ -e "$port" ] && return 0
	done
	return 1
}

# systemd says itself how far it is, and before version 240 has to be asked again
# and again.
ask_systemd() {
	set -- $(systemctl --version)
	version=$2
	case $version in
	'' | *[!0-9]*) version=0 ;;
	esac
	while look_at_clock; do
		left=$((limit - seconds))
		if [ "$left" -gt 0 ] && [ "$version" -ge 240 ] && command -v timeout; then
			boot=$(timeout "$left" systemctl is-system-running --wait)
		else
			boot=
		fi
		[ -n "$boot" ] || boot=$(systemctl is-system-running)
		case $boot in
		running | degraded | maintenance) return ;;
		esac
		boot=starting
		look_at_clock
		[ "$seconds" -ge "$limit" ] && return
		sleep 2
	done
}

# Every other init runs one of these programs until all is started.
is_starting() {
	for process in /proc/[0-9]*/stat; do
		read -r pid program rest <"$process" || continue
		case $program in
		'(rc)' | '(rcS)' | '(startpar)' | '(openrc)') return 0 ;;
		esac
	done
	return 1
}

wait_for_scripts() {
	boot=done
	sleep 2
	while is_starting; do
		look_at_clock
		if [ "$seconds" -ge "$limit" ]; then
			boot=starting
			return
		fi
		sleep 1
	done
}

cards() {
	for card in /sys/class/net/*; do
		name=${card##*/}
		[ "$name" != lo ] && [ -e "$card/address" ] || continue
		mac= state=
		read -r mac <"$card/address"
		read -r state <"$card/operstate"
		kind=virtual
		[ -e "$card/device" ] && kind=device
		echo "card $name $kind ${mac:--} ${state:-unknown}"
	done
	if command -v ip >/dev/null; then
		ip -o addr show | while read -r number name family address rest; do
			[ "$name" = lo ] && continue
			case $family in
			inet | inet6) echo "address ${name%%@*} $address" ;;
			esac
		done
		return
	fi
	if command -v ifconfig >/dev/null; then
		name=lo
		ifconfig -a | while IFS= read -r line; do
			case $line in
			[!\ \	]*) name=${line%%[: ]*} ;;
			*inet\ *)
				[ "$name" = lo ] && continue
				line=${line#*inet }
				line=${line#addr:}
				mask=${line##*[Mm]ask[: ]}
				echo "address $name ${line%% *}/${mask%% *}"
				;;
			esac
		done
	else
		echo "unknown addresses"
	fi
	while read -r address index prefix scope flags name; do
		[ "$name" = lo ] || echo "address6 $name $address/$prefix"
	done </proc/net/if_inet6
}

routes() {
	while read -r name destination gateway flags references use metric mask rest; do
		[ "$destination $mask" = '00000000 00000000' ] && echo "route $name $gateway"
	done </proc/net/route
	while read -r destination length source sourcelength gateway metric references use flags name; do
		[ "$length" = 00 ] && [ "$name" != lo ] && echo "route $name $gateway"
	done </proc/net/ipv6_route
}

mounts() {
	count=0
	while read -r device path type rest; do
		case $type in
		nsfs | overlay | cgroup | cgroup2 | squashfs) continue ;;
		esac
		count=$((count + 1))
		[ "$count" -le 400 ] && echo "mount $path $type $device"
	done </proc/1/mounts
	{
		read -r heading
		while read -r area rest; do
			echo "swap $area"
		done
	} </proc/swaps
}

units() {
	[ -d /run/systemd/system ] || return
	systemctl list-units --state=failed --plain --no-legend --no-pager | while read -r unit rest; do
		case $unit in
		[!a-zA-Z0-9_.]*) unit=${rest%% *} ;;
		esac
		echo "failed $unit"
	done
	[ "$boot" = starting ] || return
	systemctl list-jobs --no-legend --no-pager | while read -r number unit rest; do
		case $number in
		'' | *[!0-9]*) ;;
		*) echo "job $unit" ;;
		esac
	done
}

selinux() {
	for switch in /sys/fs/selinux/enforce /selinux/enforce; do
		enforcing=
		read -r enforcing <"$switch"
		case $enforcing in
		0) echo "selinux permissive" && return ;;
		1) echo "selinux enforcing" && return ;;
		esac
	done
	echo "selinux disabled"
}

# Static addresses may come a little later than all else that is started: with
# allow-hotplug nothing waits for them, and on a slow host all takes longer. What is
# known before is told before.
expected='@ADDRESSES@'
waiting=
wait_for_addresses() {
	look_at_clock
	least=$((seconds + 10)) until=$((seconds + 10 + seconds / 2))
	[ "$until" -le "$limit" ] || until=$limit
	[ "$until" -ge "$least" ] || until=$least
	while [ "$seconds" -lt "$until" ]; do
		have=$(cards) missing=
		for address in $expected; do
			case $have in
			*" $address/"* | *'unknown addresses'*) ;;
			*) missing=$address ;;
			esac
		done
		[ -n "$missing" ] || break
		[ -n "$waiting" ] || { waiting=addresses && tell; }
		sleep 1
		look_at_clock || break
	done
	waiting=
}

report() {
	echo "@HEADING@"
	echo "boot $boot"
	[ -z "$waiting" ] || echo "waiting $waiting"
	read -r hostname </proc/sys/kernel/hostname && echo "hostname $hostname"
	read -r kernel </proc/sys/kernel/osrelease && echo "kernel $kernel"
	look_at_clock && echo "seconds $uptime"
	selinux
	cards
	routes
	mounts
	units
	echo end
}

# The port gets the whole report at once.
tell() {
	text=$(report)
	printf '%s\n' "$text" >>"$port"
}

look_at_clock
tries=0
until find_port; do
	[ "$seconds" -lt "$limit" ] || exit 0
	tries=$((tries + 1))
	[ -d /sys/class/virtio-ports ] || [ $((tries % 8)) != 3 ] || modprobe virtio_console
	sleep 1
	look_at_clock || seconds=0
done

boot=starting
while [ "$boot" = starting ]; do
	if [ -d /run/systemd/system ]; then
		ask_systemd
	else
		wait_for_scripts
	fi
	[ "$boot" = starting ] || wait_for_addresses
	tell
	limit=$((limit + 60))
done
