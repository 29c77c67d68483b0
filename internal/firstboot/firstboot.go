// Package firstboot has the program that runs scripts at the first boot of a Windows
// guest, as a service that removes itself: see the folder program.
package firstboot

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

//go:embed built
var built embed.FS

// architectures are the programs for guests of an architecture. Windows for arm64
// runs those for x86.
var architectures = map[string]string{"i386": "x86", "x86_64": "amd64", "aarch64": "x86"}

// Program is the program for a guest of an architecture, "x86_64". An engine that was
// built without it is an error.
func Program(arch string) ([]byte, error) { return programIn(built, arch) }

func programIn(files fs.FS, arch string) ([]byte, error) {
	name, known := architectures[arch]
	if !known {
		return nil, fmt.Errorf("there is no first-boot program for Windows on %q", arch)
	}
	program, err := fs.ReadFile(files, "built/firstboot-"+name+".exe")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, remedy.With(fmt.Errorf("this engine was built without the first-boot program for Windows on %s", arch),
			"use a released engine, or build it with make build")
	}
	return program, err
}
