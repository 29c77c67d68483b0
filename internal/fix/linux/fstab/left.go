package fstab

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TellLeft tells what of the tables a mode has left that the new machine will not find.
// The names are as devname.Names.On has them; mended is what to set for all of it to be
// repaired.
func TellLeft(e *edit.Editor, names devname.Names, mode, mended string) error {
	if mode == ModeStabilizeAll {
		return nil
	}
	text, ok, err := e.Read(fstabPath)
	if err != nil {
		return err
	}
	if ok {
		opened, made, err := readOpened(e)
		if err != nil {
			return err
		}
		e.WarnNotes(fstabPath, leftInFstab(text, leftNames{names, mode, mended}, opened, made))
	}
	for _, path := range crypttabs {
		text, ok, err := e.Read(path)
		if err != nil {
			return err
		}
		if ok {
			e.WarnNotes(path, leftInCrypttab(text, leftNames{names, mode, mended}))
		}
	}
	return nil
}

// leftNames are names that a mode leaves.
type leftNames struct {
	devname.Names

	mode, mended string
}

// leftInFstab tells of the lines that ModeStabilizeAll would change or tell of, but for
// what the mode has told already.
func leftInFstab(text string, n leftNames, opened []string, made madeNames) []edit.Note {
	var notes []edit.Note
	_, told := editFstabOf(text, n.mode, n.Names, opened, made)
	text = strings.TrimPrefix(text, byteOrderMark)
	conf.EditTable(text, func(number int, line string, t conf.TableLine) string {
		e := fstabEntry{table: t, mode: ModeStabilizeAll, names: n.Names, opened: opened, made: made, line: number}
		if !e.optional() {
			e.tellLeft(n.mended)
			notes = append(notes, e.notes...)
		}
		return line
	})
	return without(notes, told)
}

func without(notes, told []edit.Note) []edit.Note {
	return slices.DeleteFunc(notes, func(n edit.Note) bool { return slices.Contains(told, n) })
}

// tellLeft edits the entry and tells of what that changes, as nobody will see it.
func (e *fstabEntry) tellLeft(mended string) {
	spec, options := e.column(0), e.column(3)
	if e.isSharedFolder() {
		e.note(report.ConcernFstabShared, fmt.Sprintf("%s (%s) is a shared folder of the old machine's host, which the guest fails to mount at each boot: it stops in emergency mode", spec, e.column(1)),
			mended+"; or remove the line in the guest, or give it the option nofail")
		return
	}
	if strings.HasPrefix(spec, "btrfsvol:") { // which holds nowhere
		e.names = e.names.On("")
	}
	e.edit()
	e.notes = slices.DeleteFunc(e.notes, func(n edit.Note) bool { return n.ID == report.ConcernFstabDrive }) // tells of a change
	if now := e.column(0); now != spec {
		e.note(report.ConcernFstabDevice, leftMessage(spec, e.column(1)), fmt.Sprintf("%s, which writes %s in its place; or write that in the guest: %s", mended, now, e.absence()))
	}
	was, is := strings.Split(options, ","), strings.Split(e.column(3), ",")
	for i, option := range is {
		switch {
		case i < len(was) && option != was[i] && !strings.HasPrefix(option, "subvol="):
			e.note(report.ConcernFstabDevice, leftMessage(was[i], e.column(1)), fmt.Sprintf("%s, which writes %s in its place; or write that in the guest: %s", mended, option, e.absence()))
		case i >= len(was) && option == "nofail":
			e.note(report.ConcernFstabDrive, fmt.Sprintf("%s (%s) is a drive that the new machine need not have: the guest stops in emergency mode without it", spec, e.column(1)),
				mended+"; or give the line the option nofail in the guest, or the new machine such a drive")
		}
	}
}

func leftMessage(name, what string) string {
	return fmt.Sprintf("%s (%s) stays as it is, and is no name of that device on the new machine", name, what)
}

// absence is what comes of a device that is not there.
func (e *fstabEntry) absence() string {
	switch {
	case e.column(2) == "swap":
		return "the guest waits for the device at each boot"
	case e.column(1) == "/":
		return "without the device the guest does not mount its root file system as that line says"
	}
	return "without the device the guest stops in emergency mode"
}

// leftInCrypttab is leftInFstab for crypttab.
func leftInCrypttab(text string, n leftNames) []edit.Note {
	var notes []edit.Note
	_, told := editCrypttab(text, n.mode, n.Names)
	conf.EditTable(text, func(number int, line string, t conf.TableLine) string {
		if len(t.Fields) > 3 && (conf.HasOption(t.Fields[3], "nofail") || conf.HasOption(t.Fields[3], "noauto")) {
			return line
		}
		spec, name := t.Fields[1], t.Fields[0]
		edited, found := editCrypttabLine(number, t, ModeStabilizeAll, n.Names)
		notes = append(notes, found...)
		if now := edited.Fields[1]; now != spec {
			notes = append(notes, edit.Note{
				ID: report.ConcernCrypttabDevice, Line: number, Message: leftMessage(spec, name),
				Remedy: fmt.Sprintf("%s, which writes %s in its place; or write that in the guest: the device stays locked otherwise", n.mended, now),
			})
		}
		return line
	})
	return without(notes, told)
}
