package kernel

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
)

// Omitted are the drivers that dracut's configuration keeps out of the images that it
// makes, by the names of their modules: dracut.conf(5).
func Omitted(e *edit.Editor, drivers []string) (Bans, error) {
	bans := Bans{}
	var exact []string // the only drivers of an image
	var only, forced []string
	var left []omission
	for _, file := range dracutFiles(e) {
		text, _, err := e.Read(file)
		if err != nil {
			return nil, err
		}
		values, err := conf.ShellValues(text)
		if err != nil {
			continue // dracut cannot read it either
		}
		for _, v := range values {
			words := strings.Fields(text[v.Start:v.End])
			line := 1 + strings.Count(text[:v.Start], "\n")
			switch v.Name {
			case "drivers":
				if exact = append(exact, words...); len(words) > 0 {
					only = []string{file, fmt.Sprintf("line %d: drivers", line)}
				}
			case "add_drivers", "force_drivers":
				forced = append(forced, words...)
			case "omit_drivers":
				for _, w := range words {
					left = append(left, omission{file, fmt.Sprintf("line %d: omit_drivers has %s", line, w), w})
				}
			}
		}
	}
	named := func(list []string, driver string) bool {
		return slices.ContainsFunc(list, func(w string) bool { return initramfs.ModuleName(w) == driver })
	}
	for _, driver := range drivers {
		if len(only) > 0 && !named(exact, driver) && !named(forced, driver) {
			bans.add(driver, Ban{File: only[0], Said: only[1] + " does not have " + driver})
		}
		for _, o := range left {
			// What is asked for by the same name is not left out.
			if o.matches(driver) && !slices.Contains(exact, o.pattern) && !slices.Contains(forced, o.pattern) {
				bans.add(driver, Ban{File: o.file, Said: o.said})
			}
		}
	}
	return bans, nil
}

// omission is one of the regular expressions that dracut leaves modules out by.
type omission struct{ file, said, pattern string }

func (o omission) matches(driver string) bool {
	expression, err := regexp.Compile("^(?:" + strings.ReplaceAll(o.pattern, "-", "_") + ")$")
	return err == nil && expression.MatchString(driver)
}

// dracutFiles are dracut's, in the order in which it reads them: those of the guest hide
// those of its distribution that have the same name.
func dracutFiles(e *edit.Editor) []string {
	byName := map[string]string{}
	for _, directory := range []string{"/usr/lib/dracut/dracut.conf.d", "/etc/dracut.conf.d"} {
		files, err := e.List(directory, "*.conf")
		if err != nil {
			continue
		}
		for _, file := range files {
			byName[path.Base(file)] = file
		}
	}
	files := []string{"/etc/dracut.conf"}
	var names []string
	for name := range byName {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		files = append(files, byName[name])
	}
	return files
}
