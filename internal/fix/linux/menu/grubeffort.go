package menu

// A guest may have a script that calls or includes itself over and over, or makes the
// values of its variables longer and longer. So much of one is run, in commands, in
// bytes and in variables that are copied; menus of distributions take some thousands.
const (
	maxEffort = 1 << 22
	// lookEffort is that of looking for a file in the guest, listEffort that of reading
	// a directory of entries.
	lookEffort = 1 << 7
	listEffort = 1 << 14
)

// tooMuch is why a menu is unclear whose script was not run to its end.
const tooMuch = "its script does more than can be followed"

// spend takes from what may still be done for a menu. It reports whether that was left.
func (s *grubScript) spend(effort int) bool {
	*s.left = max(*s.left-effort, -1)
	return *s.left >= 0
}
