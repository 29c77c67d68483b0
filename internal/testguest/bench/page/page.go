// Package page writes what was measured as a page of the documentation with
// its plots.
package page

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// fileName is the page's, a template of the documentation.
const fileName = "speed.md.tmpl"

// measured is all that there is, by section.
type measured map[string]*results.Section

// Write reads what was measured and writes the page into folder, its plots
// beside it. The build is added to the history.
func Write(store results.Store, history results.History, folder string) error {
	all := measured{}
	for _, name := range results.Sections {
		section, err := store.Load(name)
		if err != nil {
			return err
		}
		if section != nil {
			all[name] = section
		}
	}
	if len(all) == 0 {
		return errors.New("nothing was measured in " + store.Dir)
	}
	if err := all.plot(folder); err != nil {
		return err
	}
	builds, err := history.Add(all.entry(time.Now()))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, fileName), []byte(all.markdown(builds)), 0o644)
}

// markdown is the page.
func (m measured) markdown(history []results.Entry) string {
	d := &document{}
	d.printf(`---
page_title: "Speed"
description: |-
  How long a migration takes beside virt-v2v and qemu-img, where the time goes, and how to measure it again.
---

# Speed

All figures of this page were measured by one program:

%s
Times are wall times of whole commands in seconds: the median, and in brackets the shortest and the longest.

`, m.where())
	m.targets(d)
	m.compare(d)
	m.stages(d)
	m.launches(d)
	m.effort(d)
	m.inspection(d)
	m.options(d)
	m.convert(d)
	m.compress(d)
	m.scaling(d)
	m.parallel(d)
	m.memory(d)
	writeHistory(d, history)
	m.method(d)
	return d.String()
}
