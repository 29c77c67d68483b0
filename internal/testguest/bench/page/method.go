package page

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/watch"
)

func (m measured) method(d *document) {
	var parts []string
	total := 0.0
	for _, name := range results.Sections {
		if section := m[name]; section != nil {
			parts = append(parts, fmt.Sprintf("%s %.0f min, %d rounds", name, section.Minutes, roundsOf(section)))
			total += section.Minutes
		}
	}
	d.printf(`## How It Was Measured

- Ways that are compared run one after the other in each round, so that whatever else the machine does meets all of them. Before each, the
  file systems are synced; the source is in the page cache.
- Every %d ms the processes below the measured command are looked at in `+"`/proc`"+`: their program, processor time and largest resident memory.
  That takes about 3 %% of one processor, from all ways alike. What lives for less is not seen.
- **The engine's overhead** is an upper bound: the wall time in which no process but the engine's ran, plus its own processor time while others
  did (the appliance, qemu-img, the programs that libguestfs starts). libguestfs is a library and its processor time is in it. What the
  engine merely waits for while the appliance is up counts as the appliance's.
- With one round there is no spread, and a ratio of two single figures says little.
- Measuring took %.0f minutes in all (%s).

## Measuring Again

<!-- test: not run: it takes the better part of an hour -->
`+"```console"+`
$ make bench                                     # all, on a machine that does nothing else
$ make bench SECTIONS=compare,scaling ROUNDS=3   # a part of it
$ make bench FRESH=1                             # not only what was not measured yet
$ make bench VIRT_V2V_SUITE=                     # beside the virt-v2v that is installed
`+"```"+`

It installs what it needs, builds the guests, and needs about 30 GB in `+"`build/bench`"+`. virt-v2v is the newest that Debian has, of its
release sid, in a root of its own with the QEMU, libguestfs and kernel of that release; that takes root's rights. Every figure is kept as JSON in
`+"`build/bench/results`"+` at once, so that a run that was interrupted goes on where it was; figures of another machine or another build of the
engine are dropped. The medians of each build that was measured are kept in `+"`internal/testguest/bench/history.json`"+`, which is committed. This page and its plots are written from there. The sections are %s.
`, watch.Interval.Milliseconds(), total, strings.Join(parts, "; "), strings.Join(results.Sections, ", "))
}

// roundsOf is the most rounds that anything was measured.
func roundsOf(section *results.Section) int {
	rounds := 0
	for _, s := range section.Samples {
		rounds = max(rounds, s.Round)
	}
	return rounds
}
