package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/libvirt"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// checkLibvirtXML says before any work why no domain could be written.
func checkLibvirtXML(path string, m *manifest.Manifest) error {
	switch {
	case path == "":
		return nil
	case m.Options.DryRun || !m.Pipeline.Convert.Enabled && !m.Pipeline.Fix.Enabled:
		return errors.New("--libvirt-xml: a migration that writes no image has no domain: leave it out, or let the migration write one")
	case !m.Pipeline.Inspect.Enabled && !m.Pipeline.Fix.Enabled:
		return errors.New("--libvirt-xml: what the domain needs is found out by the stages inspect and fix: enable one of them")
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("--libvirt-xml: %s exists already: remove it, or choose another name", path)
	}
	// The migration makes its output directory.
	directory, err := filepath.Abs(filepath.Dir(path))
	if err == nil && directory != m.OutputDirectory() {
		_, err = os.Stat(directory)
	}
	if err != nil {
		return fmt.Errorf("--libvirt-xml: the directory of %s cannot be used: %w", path, err)
	}
	return nil
}

// writeLibvirtXML writes the domain of the new machine to a file that is not there
// yet.
func writeLibvirtXML(path string, result *report.Report) (err error) {
	if result.NewMachine == nil {
		return errors.New("writing the domain: the report does not tell what the machine needs")
	}
	text, err := libvirt.DomainXML(*result.NewMachine)
	if err != nil {
		return fmt.Errorf("writing the domain: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("writing the domain: %w", err)
	}
	_, err = file.WriteString(text + "\n")
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(path) // it was made here
		return fmt.Errorf("writing the domain: %w", err)
	}
	return nil
}
