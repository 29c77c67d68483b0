package source

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// newerStates are how the files are called that take what a machine writes after
// a snapshot, by the extension of the disk. $ stands for the disk's name.
var newerStates = map[string]string{
	".vmdk": `^$-[0-9]{6}\.vmdk$`,
	".vhd":  `^$_.+\.avhd$`,
	".vhdx": `^$_.+\.avhdx$`,
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
	extension := filepath.Ext(base)
	stem := strings.TrimSuffix(base, extension)
	pattern, ok := newerStates[strings.ToLower(extension)]
	if !ok {
		return
	}
	disk := snapshotNumber.ReplaceAllString(stem, "")
	newer := regexp.MustCompile("(?i)" + strings.Replace(pattern, "$", regexp.QuoteMeta(disk), 1))
	newest := ""
	for _, entry := range entries {
		name := entry.Name()
		if name == base+".lck" {
			o.warn(report.ConcernOpenDisk, "shut the machine down, and migrate then; where none runs, remove the lock that was left", "%s says that a virtual machine has %s open; one that runs changes it while it is read", name, base)
		}
		// Names have their numbers in front of the same extension: they sort.
		if !chosen && newer.MatchString(name) && (disk == stem || name > base) {
			newest = name
		}
	}
	if newest != "" {
		o.warn(report.ConcernNewerState, "to migrate the newest state, name its file in source.path",
			"%s lies beside %s and seems to be a newer state of the same disk; what was written since that snapshot is not migrated", printable(newest), base)
	}
}
