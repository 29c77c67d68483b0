// Testguest builds the guests of the test suite and boots disk images, for
// people and for the demo.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

const usage = `usage:
  testguest list
  testguest build [-v] [-o FILE] [RECIPE]
  testguest host-root SUITE PACKAGE...
  testguest boot [-v] [-format F] [-firmware bios|uefi] [-bus BUS] [-expect STATE] [-timeout D] IMAGE [IMAGE...]
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testguest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("which command?\n%s", usage)
	}
	switch args[0] {
	case "list":
		return list(stdout)
	case "build":
		return build(ctx, args[1:], stdout, stderr)
	case "host-root":
		return hostRoot(ctx, args[1:], stdout)
	case "boot":
		return boot(ctx, args[1:], stdout, stderr)
	default:
		return fmt.Errorf("no command is named %q\n%s", args[0], usage)
	}
}

func list(stdout io.Writer) error {
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, r := range testguest.Recipes() {
		fmt.Fprintf(table, "%s\t%s\n", r.Name, r.Description)
	}
	return table.Flush()
}

// build prints the path of the guest's disk, or copies the disk to -o.
func build(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	flags.SetOutput(stderr)
	output := flags.String("o", "", "copy the first disk to this `file`")
	verbose := flags.Bool("v", false, "show what the programs print")
	if err := flags.Parse(args); err != nil {
		return err
	}
	name := testguest.Flagship
	if flags.NArg() > 0 {
		name = flags.Arg(0)
	}
	recipe, err := testguest.Lookup(name)
	if err != nil {
		return err
	}
	log := io.Discard
	if *verbose {
		log = stderr
	}
	disks, err := testguest.BuildDisks(ctx, recipe, log)
	if err != nil {
		return err
	}
	if *output == "" {
		fmt.Fprintln(stdout, strings.Join(disks, "\n"))
		return nil
	}
	for i, disk := range disks {
		target := *output
		if i > 0 {
			extension := filepath.Ext(target)
			target = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(target, extension), i+1, extension)
		}
		if err := copyFile(ctx, disk, target); err != nil {
			return err
		}
		fmt.Fprintln(stdout, target)
	}
	return nil
}

// hostRoot prints the path of a tarball: the root of a host with the packages of a
// release of Debian.
func hostRoot(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) < 2 {
		return fmt.Errorf("which release, and which packages?\n%s", usage)
	}
	path, err := testguest.HostRoot(ctx, testguest.Suite(args[0]), args[1:])
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, path)
	return nil
}

// copyFile leaves holes and reflinks to cp, which knows them.
func copyFile(ctx context.Context, from, to string) error {
	if output, err := exec.CommandContext(ctx, "cp", "--reflink=auto", "--", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copying the guest: %w: %s", err, strings.TrimSpace(string(output)))
	}
	return nil
}

// boot shows the console as it comes and ends with one line on the outcome.
func boot(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("boot", flag.ContinueOnError)
	flags.SetOutput(stderr)
	format := flags.String("format", "", "image `format` (from the file name's extension if not given)")
	firmware := flags.String("firmware", string(testguest.BIOS), "bios or uefi")
	bus := flags.String("bus", string(testguest.VirtioBlk), "virtio-blk, virtio-scsi, pvscsi, ide or nvme")
	timeout := flags.Duration("timeout", 5*time.Minute, "give up after this `time`")
	probe := flags.Bool("probe", false, "wait for the report of a test guest's probe")
	passphrase := flags.String("passphrase", "", "typed when the guest asks for one")
	expect := flags.String("expect", string(testguest.StateLogin), "fail unless the guest reaches this `state`")
	verbose := flags.Bool("v", false, "show the console")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return fmt.Errorf("which image?\n%s", usage)
	}
	options := testguest.BootOptions{
		Firmware: testguest.Firmware(*firmware), Bus: testguest.Bus(*bus),
		Timeout: *timeout, WaitForProbe: *probe, Passphrase: *passphrase,
	}
	for _, image := range flags.Args() {
		options.Disks = append(options.Disks, testguest.BootDisk{Path: image, Format: *format})
	}
	if *verbose {
		options.Log = stdout
	}
	result, err := testguest.Boot(ctx, options)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s after %.1f s (%s)\n", result.State, result.Duration.Seconds(), result.Accelerator)
	if result.Reason != "" {
		fmt.Fprintln(stdout, "  "+result.Reason)
	}
	if result.Probe != nil {
		fmt.Fprintf(stdout, "  %s: system %s, failed units %v\n", result.Probe.Hostname, result.Probe.System, result.Probe.Failed)
		for _, a := range result.Probe.Addresses {
			fmt.Fprintf(stdout, "  %s %s %s\n", a.Interface, a.State, strings.Join(a.Addresses, " "))
		}
		for _, m := range result.Probe.Mounts {
			fmt.Fprintf(stdout, "  %s on %s (%s)\n", m.Source, m.Target, m.Type)
		}
	}
	if result.State != testguest.State(*expect) {
		return fmt.Errorf("the guest reached %s instead of %s", result.State, *expect)
	}
	return nil
}
