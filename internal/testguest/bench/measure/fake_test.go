package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/effort"
)

// fakes are programs that this test's binary plays when it is called by their
// names: they write small files where the real ones write disks.
var fakes = map[string]func(args []string) error{
	"hyper2kvm":          fakeEngine,
	"testguest":          func([]string) error { fmt.Println(os.Getenv("FAKE_GUEST")); return nil },
	"qemu-img":           fakeQEMUImg,
	"qemu-system-x86_64": fakeVersion,
	"guestfish":          fakeVersion,
	"nbdkit":             fakeVersion,
	"sh":                 fakeShell,
	"tar":                func([]string) error { return nil },
	"unshare":            fakeUnshare,
	"virt-v2v":           fakeVirtV2V,
}

func TestMain(m *testing.M) {
	play, ok := fakes[filepath.Base(os.Args[0])]
	if !ok {
		os.Exit(m.Run())
	}
	if err := errors.Join(logCall(), play(os.Args[1:])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// logCall adds a line to the file that a test reads.
func logCall() error {
	log, err := os.OpenFile(os.Getenv("FAKE_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(log, filepath.Base(os.Args[0]), strings.Join(os.Args[1:], " "))
	return errors.Join(err, log.Close())
}

func fakeVersion([]string) error {
	fmt.Println("version 1.2.3")
	return nil
}

func fakeQEMUImg(args []string) error {
	if args[0] == "convert" {
		return os.WriteFile(args[len(args)-1], []byte("image"), 0o644)
	}
	return fakeVersion(args)
}

// fakeShell plays a script that writes its last argument.
func fakeShell(args []string) error {
	return os.WriteFile(args[len(args)-1], []byte("image"), 0o644)
}

func fakeVirtV2V(args []string) error {
	n := slices.Index(args, "-os")
	switch {
	case n < 0:
		return fakeVersion(args)
	case os.Getenv("FAKE_FAILURE") != "":
		return errors.New("nbdcopy is missing")
	}
	return os.WriteFile(filepath.Join(args[n+1], "guest-sda"), []byte("image"), 0o644)
}

// fakeUnshare plays what is run in a root.
func fakeUnshare(args []string) error { return fakeVirtV2V(args[slices.Index(args, "--")+2:]) }

// fakeCount runs a command and counts nothing of it.
func fakeCount(command *exec.Cmd, _ string) (effort.Effort, error) {
	return effort.Effort{Read: 4}, command.Run()
}

// fakeEngine writes what a manifest asks for, and a report.
func fakeEngine(args []string) error {
	text, err := os.ReadFile(args[slices.Index(args, "--manifest")+1])
	if err != nil {
		return err
	}
	var m struct {
		Output struct {
			Directory string `json:"directory"`
			Filename  string `json:"filename"`
		} `json:"output"`
		Pipeline map[string]any `json:"pipeline"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	stages := object{}
	for name := range m.Pipeline {
		stages[name] = object{"success": true, "duration": 0.5, "result": object{"accelerator": "tcg"}}
	}
	report, err := json.Marshal(object{"version": "1.0", "pipeline": object{"success": true, "stages": stages}})
	if err != nil {
		return err
	}
	image := ""
	switch {
	case m.Pipeline["convert"] != nil:
		image = m.Output.Filename
	case m.Pipeline["fix"] != nil:
		image = "base.overlay.qcow2"
	}
	if image != "" {
		err = os.WriteFile(filepath.Join(m.Output.Directory, image), []byte("image"), 0o644)
	}
	if slices.Contains(args, "--events") {
		fmt.Println(`{"type":"progress","time":"2026-01-21T18:23:32.000000","stage":"inspect","message":"launching the appliance"}`)
		fmt.Println(`{"type":"progress","time":"2026-01-21T18:23:41.000000","stage":"inspect","message":"up"}`)
		fmt.Printf(`{"type":"progress","time":"2026-01-21T18:23:42.000000","stage":"validate","message":"checking %s"}`+"\n",
			filepath.Join(m.Output.Directory, image))
	}
	return errors.Join(err, os.WriteFile(filepath.Join(m.Output.Directory, "report.json"), report, 0o644))
}
