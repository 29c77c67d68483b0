// Package firstboot plans what a Windows guest does at its first boot: the service
// that runs scripts, in its hive SYSTEM, and the scripts.
package firstboot

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Service is the name of the service, as its program knows it.
const Service = "hyper2kvm-first-boot"

// Folder is where the program and the scripts go, below the folder of Windows, and
// where the log stays.
const Folder = "hyper2kvm"

// The numbers of winsvc.h for a service that starts with Windows, in a process of its
// own.
const (
	ownProcess  = 0x10
	startAuto   = 2
	normalError = 1
)

// Task is what is to be done at the first boot.
type Task struct {
	// Windows is the guest's version.
	Windows registry.Software
	// RefusesScripts says that its policy lets PowerShell run no script that is not signed.
	RefusesScripts bool
	// Drivers are to be installed, in this order.
	Drivers []Driver
	// Publishers are certificates (X.509, DER) of those that signed the drivers, for Windows
	// to trust: it asks a person otherwise, and nobody is there.
	Publishers [][]byte
	// DriverFolder is where they lie, below the folder of Windows.
	DriverFolder string
	// Agent is the installer of the guest agent in DriverFolder, and Balloon the
	// service of the balloon driver, or "".
	Agent, Balloon string
	// OnlineDisks brings disks online that Windows took offline as their bus is new.
	OnlineDisks bool
	// Cards are those of the old machine whose addresses the new ones are to have. Each
	// is known.
	Cards []network.Card
	// VMwareTools are the product codes of what is to be removed:
	// "{B7C4F0AD-...}".
	VMwareTools []string
	// Scripts are the user's. They run after all else.
	Scripts []Script
}

// Driver is a driver to be installed.
type Driver struct {
	// INF is the name of its installation file: "netkvm.inf".
	INF string
	// Essential says that its failure counts.
	Essential bool
}

// Script is a script of the user's. Its name ends with .ps1, .cmd or .bat.
type Script struct{ Name, Content string }

// File is a file to be written.
type File struct {
	// Path is below the folder of Windows.
	Path    string
	Content []byte
	// Secret says that it may hold keys, and is not to be shown.
	Secret bool
}

// Plan is what is to be written.
type Plan struct {
	Files    []File
	Warnings []report.Warning
}

// New plans the files of a task. Those of a task without anything to do are none; the
// program that runs the scripts of any other, for the guest's processor, is asked for.
func New(t Task, program func() ([]byte, error)) (Plan, error) {
	scripts, err := t.scripts()
	if err != nil {
		return Plan{}, err
	}
	var plan Plan
	for n, script := range t.Scripts {
		ending := strings.ToLower(path.Ext(script.Name))
		if !scriptName.MatchString(script.Name) || !slices.Contains([]string{".ps1", ".cmd", ".bat"}, ending) {
			return Plan{}, fmt.Errorf("%q is no name of a script that Windows runs", script.Name)
		}
		content := lines(strings.TrimPrefix(script.Content, byteOrderMark))
		switch isPlain := !strings.ContainsFunc(content, func(r rune) bool { return r >= utf8.RuneSelf }); {
		case isPlain:
		case ending == ".ps1":
			content = byteOrderMark + content
		default:
			plan.Warnings = append(plan.Warnings, report.Warning{
				ID:      report.ConcernFirstBoot,
				Message: fmt.Sprintf("first boot script %q has letters that are no ASCII, which cmd.exe reads in the code page of the guest", script.Name),
				Remedy:  "write it in PowerShell, or in ASCII",
			})
		}
		if ending == ".ps1" && !bringsPowerShell(t.Windows) {
			plan.Warnings = append(plan.Warnings, report.Warning{
				ID:      report.ConcernFirstBoot,
				Message: fmt.Sprintf("first boot script %q is for PowerShell, which Windows Vista and Server 2008 do not bring", script.Name),
				Remedy:  "write it for cmd.exe, unless PowerShell was installed in the guest",
			})
		}
		scripts = append(scripts, File{Path: fmt.Sprintf("%03d-%s", firstOfUser+n, script.Name), Content: []byte(content), Secret: true})
	}
	if len(scripts) == 0 {
		return plan, nil
	}
	if refused := ofPowerShell(scripts); t.RefusesScripts && len(refused) > 0 {
		plan.Warnings = append(plan.Warnings, report.Warning{
			ID:      report.ConcernFirstBoot,
			Message: "a group policy of the guest keeps PowerShell from running scripts that are not signed, and so from the first boot's: " + strings.Join(refused, ", "),
			Remedy:  "take the guest out of that policy before its disk is taken, or do by hand what they do; write scripts of your own for cmd.exe",
		})
	}
	content, err := program()
	if err != nil {
		return Plan{}, err
	}
	plan.Files = append(plan.Files, File{Path: Folder + `\firstboot.exe`, Content: content})
	for n, certificate := range t.Publishers {
		plan.Files = append(plan.Files, File{Path: publisherFile(n), Content: certificate})
	}
	for _, script := range scripts {
		script.Path = Folder + `\scripts\` + script.Path
		plan.Files = append(plan.Files, script)
	}
	return plan, nil
}

// ofPowerShell are the names of those scripts that it runs.
func ofPowerShell(scripts []File) []string {
	var names []string
	for _, script := range scripts {
		if strings.EqualFold(path.Ext(script.Path), ".ps1") {
			names = append(names, script.Path)
		}
	}
	return names
}

// publisherFile is where the certificate of a publisher lies.
func publisherFile(n int) string { return Folder + `\` + fmt.Sprintf("publisher-%d.cer", n+1) }

// firstOfUser is the number of the user's first script.
const firstOfUser = 100

// byteOrderMark tells PowerShell that a script is in UTF-8. cmd.exe takes it for the
// beginning of the first command.
const byteOrderMark = "\ufeff"

var scriptName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// lines is a text with the line ends of Windows, and one at its end.
func lines(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return strings.ReplaceAll(text, "\n", "\r\n")
}

// Register has Windows start the service.
func Register(e *registry.Edited, s registry.System) error {
	for _, value := range []registry.Value{
		registry.NumberValue("Type", ownProcess), registry.NumberValue("Start", startAuto), registry.NumberValue("ErrorControl", normalError),
		registry.TextValue("ImagePath", registry.Expand, `"%SystemRoot%\`+Folder+`\firstboot.exe"`),
		registry.TextValue("ObjectName", registry.String, "LocalSystem"),
		registry.TextValue("DisplayName", registry.String, "First boot after the migration"),
		registry.TextValue("Description", registry.String, "Runs the scripts of the migration once and removes itself."),
	} {
		if err := e.Set(s.ControlSet+`\Services\`+Service, value); err != nil {
			return err
		}
	}
	return nil
}
