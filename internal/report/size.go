package report

import "fmt"

// HumanSize spells a number of bytes with binary units and two decimals:
// "10.00 GiB". Less than a KiB is whole bytes: "512 B".
func HumanSize(bytes int64) string {
	if bytes > -1024 && bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	size, unit := float64(bytes), 0
	// 1023.995 would print as 1024.00 and belongs to the next unit.
	for unit < len(units)-1 && (size >= 1023.995 || size <= -1023.995) {
		size /= 1024
		unit++
	}
	return fmt.Sprintf("%.2f %s", size, units[unit])
}
