package machine

import "strings"

// IsWindows says that a description calls the guest a Windows: "windows9_64Guest",
// "winNetStandardGuest", or "Microsoft Windows Server 2019 (64-bit)".
func IsWindows(guestType string) bool {
	name := strings.ToLower(guestType)
	return strings.HasPrefix(name, "win") || strings.Contains(name, "windows")
}
