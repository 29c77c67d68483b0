package bootloader

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/unifiedimage"
)

// fixUnifiedImages gives the parameters in unified kernel images stable names, where the
// images can be changed. WarnUnifiedImages tells of the others.
func (c *Configuration) fixUnifiedImages() error {
	images, err := menu.UnifiedImages(c.edit.Reader)
	if err != nil {
		return err
	}
	for _, name := range images {
		if err := c.fixUnifiedImage(name); err != nil {
			return err
		}
	}
	return nil
}

func (c *Configuration) fixUnifiedImage(name string) error {
	image, file, err := menu.OpenUnified(c.edit.Reader, name)
	if err != nil {
		return nil // told when it is verified
	}
	defer func() { _ = file.Close() }()
	cmdline, err := image.Text(unifiedimage.Cmdline)
	if err != nil {
		return nil // told when it is verified
	}
	editor := cmdlineEditor{names: c.names}
	fixed := editor.editCmdline(cmdline)
	if fixed == cmdline || image.Changeable(unifiedimage.Cmdline, int64(len(fixed))) != nil {
		return nil
	}
	err = ReplaceSection(c.edit, name, image, unifiedimage.Cmdline, strings.NewReader(fixed), int64(len(fixed)))
	if errors.Is(err, edit.ErrNoSpace) { // what becomes of the guest is judged when it is verified
		c.edit.Warn(report.ConcernGuestSpace, fmt.Sprintf("the kernel parameters in %s stay as they are: %v", name, err), remedy.Of(err))
		return nil
	}
	if err != nil {
		return err
	}
	switch written, err := menu.UnifiedCmdline(c.edit.Reader, name); {
	case err != nil:
		return fmt.Errorf("%s is damaged after its kernel parameters were edited: %w", name, err)
	case written != fixed:
		return fmt.Errorf("%s has the kernel parameters %q after they were edited to %q", name, edit.HideSecrets(written), edit.HideSecrets(fixed))
	}
	for _, found := range editor.findings {
		if found.err == nil {
			c.edit.Warn(report.ConcernRootAssumed, name+": "+found.String(), found.remedy())
		}
	}
	c.edit.Record(report.Change{
		Path: name, Action: report.ActionModified,
		Description: fmt.Sprintf("%s (its section %s was %q, and is %q)", toKernel, unifiedimage.Cmdline, edit.HideSecrets(cmdline), edit.HideSecrets(fixed)),
	})
	return nil
}

// WarnUnifiedImages tells of unified kernel images whose parameters name devices of the
// old machine; edited says that those were edited which can be. A signed image would not
// start on a machine with Secure Boot afterwards.
func (c *Configuration) WarnUnifiedImages(edited bool) error {
	images, err := menu.UnifiedImages(c.edit.Reader)
	if err != nil {
		return err
	}
	for _, name := range images {
		stale, why, err := c.staleUnified(name)
		switch {
		case err != nil:
			c.edit.Warn(report.ConcernFileNotRead, fmt.Sprintf("the kernel parameters inside of %s could not be read: %s", name, err),
				"start that image on the new machine before the old one is given up; if nothing needs it, remove it in the guest")
		case stale && why == "" && !edited:
			c.edit.Warn(report.ConcernUnifiedImage, name+" names devices of the old machine in its kernel parameters", "set pipeline.fix.update_grub to true")
		case stale:
			if why != "" {
				why = ": " + why
			}
			c.edit.Warn(report.ConcernUnifiedImage, name+" names devices of the old machine in its kernel parameters, which cannot be edited"+why,
				"build it anew in the guest with root=UUID= before the migration, boot another entry, or attach its disk to a SATA controller, if it was a SCSI or SATA disk")
		}
	}
	return nil
}

// staleUnified reports whether an image's parameters name devices of the old machine, and
// why they cannot be edited, or nothing.
func (c *Configuration) staleUnified(name string) (stale bool, why string, err error) {
	image, file, err := menu.OpenUnified(c.edit.Reader, name)
	if err != nil {
		return false, "", err
	}
	defer func() { _ = file.Close() }()
	cmdline, err := image.Text(unifiedimage.Cmdline)
	if err != nil {
		return false, "", err
	}
	editor := cmdlineEditor{names: c.names}
	fixed := editor.editCmdline(cmdline)
	if err := image.Changeable(unifiedimage.Cmdline, int64(len(fixed))); err != nil && cmdline != "" {
		why = strings.TrimPrefix(err.Error(), unifiedimage.ErrSealed.Error()+": ")
	}
	return fixed != cmdline || len(editor.findings) > 0, why, nil
}

// spaceMargin is what a file system is left with, in bytes.
const spaceMargin = 1 << 20

// ReplaceSection gives a section of a unified kernel image of the guest other content, of
// size bytes. The file is written anew and swapped in; an error is edit.ErrNoSpace where
// there is no room for that.
func ReplaceSection(e *edit.Editor, name string, image *unifiedimage.Image, section string, content io.Reader, size int64) error {
	reader, writer := io.Pipe()
	go func() { _ = writer.CloseWithError(image.Replace(writer, section, content, size)) }()
	err := e.Upload(name, reader, 0o600)
	_ = reader.CloseWithError(err)
	if err == nil {
		return nil
	}
	old, _, sectionErr := image.Section(section)
	if sectionErr != nil {
		return sectionErr
	}
	if known, full := e.SpaceFor(path.Dir(name), image.Size()+size-min(size, old.Size())+spaceMargin); known && full != nil {
		return full
	}
	return fmt.Errorf("cannot write %s in the guest: %w", name, err)
}
