package machine

import (
	"regexp"
	"strings"
)

// ClockFiles are where a Linux guest says what it takes the machine's clock for, what
// holds before the others first: hwclock(8) itself, RHEL and SUSE, Debian until 7,
// OpenRC, and Arch Linux until it had systemd.
var ClockFiles = []string{"/etc/adjtime", "/etc/sysconfig/clock", "/etc/default/rcS", "/etc/conf.d/hwclock", "/etc/rc.conf"}

// clockSetting are the settings of distributions, which set the machine's clock by
// them before they read /etc/adjtime.
var clockSetting = regexp.MustCompile(`(?im)^[ \t]*(?:UTC=["']?(?:(yes|true|1)|no|false|0)["']?|(?:HWCLOCK|CLOCK|HARDWARECLOCK)=["']?(?:-?-?(utc|u)|--localtime|localtime|local|-l)["']?)[ \t]*(?:#.*)?$`)

// ClockOf is what a Linux guest takes the machine's clock for by one of ClockFiles,
// or "" where that does not say. The third line of /etc/adjtime does.
func ClockOf(file, text string) string {
	if file != ClockFiles[0] {
		match := clockSetting.FindStringSubmatch(text)
		switch {
		case match == nil:
			return ""
		case match[1]+match[2] != "":
			return "utc"
		}
		return "localtime"
	}
	lines := strings.Split(text, "\n")
	if len(lines) < 3 {
		return ""
	}
	switch strings.TrimSpace(lines[2]) {
	case "LOCAL":
		return "localtime"
	case "UTC":
		return "utc"
	}
	return ""
}
