package cli

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
)

// Main runs the command for this process and returns its exit code.
func Main(version string, engine Engine) int {
	if os.Getenv("GOGC") == "" {
		// Images pass through few large buffers: collecting more often costs
		// next to nothing and keeps the process small.
		debug.SetGCPercent(40)
	}
	keepWritingToClosedPipes()
	ctx, stop := cancelledBySignals(context.Background(), os.Exit)
	defer stop()
	c := &Command{Version: version, Engine: engine, Preflight: pipeline.Preflight, Finished: pipeline.Finished, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	return c.Run(ctx, os.Args[1:])
}

// Wanted reports whether a process with these arguments (its name first) is to
// be the command rather than the Terraform provider. Terraform starts providers
// without arguments; a person who debugs one gives -debug.
func Wanted(args []string) bool {
	if len(args) == 0 {
		return false
	}
	name := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	return name == "hyper2kvm" || len(args) > 1 && !WantsDebug(args)
}

// WantsDebug reports whether the provider is to wait for a debugger.
func WantsDebug(args []string) bool {
	return len(args) == 2 && (args[1] == "-debug" || args[1] == "--debug")
}
