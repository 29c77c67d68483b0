package menu

import (
	"debug/pe"
	"errors"
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// UnifiedCmdline is the section .cmdline of a unified kernel image: the parameters that
// its kernel gets.
func UnifiedCmdline(e *edit.Reader, image string) (string, error) {
	temp, err := e.ScratchFile()
	if err != nil {
		return "", err
	}
	defer func() { _ = temp.Close() }()
	if err := e.Download(image, temp); err != nil {
		return "", err
	}
	file, err := pe.NewFile(temp)
	if err != nil {
		return "", fmt.Errorf("it is no EFI program: %w", err)
	}
	section := file.Section(".cmdline")
	if section == nil {
		return "", nil
	}
	if section.Size > edit.MaxText {
		return "", errors.New("they are too long")
	}
	data, err := section.Data()
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(data), "\x00\n "), nil
}
