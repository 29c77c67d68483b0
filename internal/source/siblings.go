package source

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// newerStates are what the names of the files that take what a machine writes after
// a snapshot have behind the disk's name, by the extension of the disk.
var newerStates = map[string]*regexp.Regexp{
	".vmdk": regexp.MustCompile(`(?i)^-[0-9]{6}\.vmdk$`),
	".vhd":  regexp.MustCompile(`(?i)^_.+\.avhd$`),
	".vhdx": regexp.MustCompile(`(?i)^_.+\.avhdx$`),
}

// snapshotNumber ends the names of VMware's snapshots.
var snapshotNumber = regexp.MustCompile(`-[0-9]{6}$`)

// warnOfSiblings looks at the names beside a disk for signs that its file does
// not hold what the machine has now. Chosen says that the machine's own
// description names the file, which is then the newest state, whatever there is.
func (o *opening) warnOfSiblings(path string, chosen bool) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return // nobody needs this to read the disk itself
	}
	base := filepath.Base(path)
	o.warnOfNamesBeside(entries, base, chosen)
	// Locks and snapshots have the name of the descriptor, not that of the data.
	if match := strayExtent.FindStringSubmatch(base); match != nil {
		o.warnOfNamesBeside(entries, match[1]+".vmdk", chosen)
	}
}

// warnOfNamesBeside does that for one of the disk's names.
func (o *opening) warnOfNamesBeside(entries []os.DirEntry, base string, chosen bool) {
	extension := filepath.Ext(base)
	stem := strings.TrimSuffix(base, extension)
	newer, ok := newerStates[strings.ToLower(extension)]
	if !ok {
		return
	}
	disk := snapshotNumber.ReplaceAllString(stem, "")
	newest := ""
	for _, entry := range entries {
		name := entry.Name()
		if name == base+".lck" {
			o.warn(report.ConcernOpenDisk, "shut the machine down, and migrate then; where none runs, remove the lock that was left", "%s says that a virtual machine has %s open; one that runs changes it while it is read", name, base)
		}
		// Names have their numbers in front of the same extension: they sort.
		behind, isOf := cutPrefixFold(name, disk)
		if !chosen && isOf && newer.MatchString(behind) && (disk == stem || name > base) {
			newest = name
		}
	}
	if newest != "" {
		o.warn(report.ConcernNewerState, "to migrate the newest state, name its file in source.path",
			"%s lies beside %s and seems to be a newer state of the same disk; what was written since that snapshot is not migrated", printable(newest), base)
	}
}

// cutPrefixFold is strings.CutPrefix for which capitals do not count.
func cutPrefixFold(name, prefix string) (rest string, ok bool) {
	if len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return name, false
	}
	return name[len(prefix):], true
}
