package machine

import "strings"

// ClockOfAdjtime is what a Linux guest takes the machine's clock for, by the third
// line of its /etc/adjtime (hwclock(8)).
func ClockOfAdjtime(text string) string {
	lines := strings.Split(text, "\n")
	if len(lines) > 2 && strings.TrimSpace(lines[2]) == "LOCAL" {
		return "localtime"
	}
	return "utc"
}
