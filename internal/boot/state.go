package boot

import (
	"regexp"
	"strings"
)

// State is how far a boot came.
type State string

// The states that a boot ends in.
const (
	StateLogin          State = "login"           // a login prompt
	StateInitramfsShell State = "initramfs_shell" // the initramfs gave up: BusyBox or dracut shell
	StateEmergency      State = "emergency"       // the root file system is mounted, but systemd wants maintenance
	StatePanic          State = "panic"           // kernel panic
	StateTimer          State = "timer"           // its kernel panicked because the host was too slow to emulate a timer
	StateGRUB           State = "grub"            // GRUB's prompt or rescue prompt
	StateLoader         State = "boot_loader"     // another boot loader, or the code in front of it, gave up
	StateNoBootDevice   State = "no_boot_device"  // the firmware found nothing to start
	StateDeviceWait     State = "device_wait"     // the initramfs waits for a root device that does not come
	StatePassphrase     State = "passphrase"      // asks for a disk's passphrase, and none was given
	StateExited         State = "exited"          // the machine was switched off
	StateResets         State = "resets"          // it starts again and again
	StateSilent         State = "silent"          // nothing was heard or seen of a system
	StateStopped        State = "stopped"         // QEMU could not read or write a disk
	StateAgent          State = "agent"           // the guest agent answers
	StateProbe          State = "probe"           // its probe says that all is started
	StateStarting       State = "starting"        // its probe says that systemd is not done
	StateNothing        State = "nothing"         // none of these before the timeout
)

// passphrasePrompt is cryptsetup's in an initramfs, or systemd's. On a screen in
// graphics mode a cursor may stand behind it.
var passphrasePrompt = regexp.MustCompile(`(?i)(please unlock disk [^\n]*|please enter passphrase for disk [^\n]*|enter passphrase for [^\n]*):\s*(?:\(press TAB for no echo\)\s*)?[?_]?$`)

// deviceWait is dracut's and systemd's way to say that the root device has not
// come for minutes. dracut's shell would follow, but not before another minute,
// by the clock of a guest that emulation slows down.
var deviceWait = regexp.MustCompile(`Job dev-\S+\.device/start running \((?:[2-9]|\d\d+)min \d+s / no limit\)|` +
	`dracut-initqueue: timeout, still waiting for following initqueue hooks`)

// signs are looked for in order; those that name a final state come first. The
// prompts of shells that go on by themselves, as UEFI's does with a script, count
// where nothing comes behind them.
var signs = []struct {
	state   State
	pattern *regexp.Regexp
}{
	// Under emulation on a busy host. Kernels that know KVM under them do not test it.
	{StateTimer, regexp.MustCompile(`Kernel panic - not syncing: IO-APIC \+ timer doesn't work`)},
	{StatePanic, regexp.MustCompile(`Kernel panic - not syncing|Kernel panic: `)},
	// The shells of initramfs-tools, dracut (in each of its steps), mkinitcpio,
	// Alpine and SUSE's mkinitrd.
	{StateInitramfsShell, regexp.MustCompile(`(?m)^\s*\(initramfs\)|rdsosreport\.txt|` +
		`^(?:dracut|cmdline|pre-udev|pre-trigger|initqueue|pre-mount|mount|pre-pivot|cleanup|switch_root):/(?:root)?#(?: |$)|` +
		`You are now being dropped into an emergency shell|initramfs emergency recovery shell launched|-- exiting to /bin/sh$`)},
	// systemd's of all ages, that of SysV's scripts, and Upstart's mountall.
	{StateEmergency, regexp.MustCompile(`You are in (?:emergency|rescue) mode|Welcome to (?:emergency|rescue) mode!|Give root password for maintenance|` +
		`Press Enter for maintenance|Cannot open access to console, the root account is locked|Press S to skip mounting or M for manual recovery`)},
	{StateGRUB, regexp.MustCompile(`(?m)^\s*grub(?: rescue)?>(?: |$)|Failed to boot both default and fallback entries`)},
	// syslinux, systemd-boot, Windows' of all ages, and the code of partition tables.
	{StateLoader, regexp.MustCompile(`No DEFAULT or UI configuration directive found!|Failed to load ldlinux\.c32|No loader found\. Configuration files in|` +
		`(?:BOOTMGR|NTLDR) is missing|An operating system wasn't found|A disk read error occurred|(?m)^(?i:missing operating system|operating system not found|` +
		`error loading operating system|invalid partition table|non-system disk)`)},
	{StateNoBootDevice, regexp.MustCompile(`No bootable device\.|BdsDxe: No bootable option or device was found\.|(?m)^\s*Shell>[ ?_]*\z`)},
	{StateLogin, regexp.MustCompile(`(?m)^[A-Za-z0-9?][A-Za-z0-9.?-]* login:(?: |$)`)},
	{StatePassphrase, passphrasePrompt},
	{StateDeviceWait, deviceWait},
	{StateExited, regexp.MustCompile(`reboot: (?:System halted|Power down)|(?m)^System halted\.?$`)},
}

// Classify returns the state that console text without escapes shows, or
// StateNothing if it shows none yet.
func Classify(console string) State {
	// Prompts are at the end, and a screen is scanned often: look no further
	// back than two of them. A panic prints more than that after its message.
	const window = 16 << 10
	if len(console) > window {
		console = console[len(console)-window:]
	}
	for _, s := range signs {
		if s.pattern.MatchString(console) {
			return s.state
		}
	}
	return StateNothing
}

// reasons are lines that say why a boot failed, the most telling first.
var reasons = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^.*ALERT!.*$`),
	regexp.MustCompile(`(?m)^.*dracut: FATAL: .*$`),
	regexp.MustCompile(`(?m)^.*dracut-initqueue\[\d+\]: Warning: "?/dev/.*does not exist.*$`),
	regexp.MustCompile(`(?m)^.*Warning: /dev/\S+ does not exist.*$`),
	regexp.MustCompile(`(?m)^.*Kernel panic(?: - not syncing)?: .*$`),
	regexp.MustCompile(`(?m)^.*UNEXPECTED INCONSISTENCY.*$`),
	regexp.MustCompile(`(?m)^ERROR: (?:device .* not found|Failed to mount).*$`), // mkinitcpio
	regexp.MustCompile(`(?m)^.*could not find root file system.*$`),              // SUSE's mkinitrd
	regexp.MustCompile(`(?m)^Mounting root: failed.*$`),                          // Alpine
	regexp.MustCompile(`(?m)^.*Timed out waiting for device.*$`),
	regexp.MustCompile(`(?m)^.*Gave up waiting for.*$`),
	regexp.MustCompile(`(?m)^error: .*$`),
	regexp.MustCompile(`(?m)^.*No bootable.*$`),
	regexp.MustCompile(`(?m)^BdsDxe: failed to load .*$`),
	regexp.MustCompile(`(?m)^.*Could not boot\..*$`),
	regexp.MustCompile(`(?m)^.*\[ -e "/dev/[^"]*" \]$`), // what dracut-initqueue waits for
	deviceWait,
	regexp.MustCompile(`(?m)^.*Failed to mount .*$`),
	regexp.MustCompile(`(?m)^.*Dependency failed for.*$`),
	regexp.MustCompile(`(?m)^.*(?:configuration directive found!|ldlinux\.c32|No loader found\.|(?:BOOTMGR|NTLDR) is missing|An operating system wasn't found|` +
		`A disk read error occurred).*$|^(?i:missing operating system|operating system not found|error loading operating system|invalid partition table|non-system disk).*$`),
}

// Reason returns the console line that says best why the boot failed.
func Reason(console string) string {
	for _, r := range reasons {
		if line := r.FindString(console); line != "" {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// LastLines are the last lines of a console or a screen that are not empty, at
// most limit of them.
func LastLines(text string, limit int) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \r\n"); line != "" {
			lines = append(lines, strings.ToValidUTF8(line, "?"))
		}
	}
	return lines[max(0, len(lines)-limit):]
}
