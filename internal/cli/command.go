// Package cli is the hyper2kvm command: it migrates what a manifest describes
// and shows the run to a person or, as events, to a program.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// The exit codes of the command.
const (
	ExitSuccess = 0
	// ExitFailed says that the migration failed; its report says why.
	ExitFailed = 1
	// ExitInvalid says that nothing was begun, because the arguments or the
	// manifest are wrong.
	ExitInvalid = 2
	// ExitCancelled says that the migration was cancelled and has removed what
	// it had made. It is what shells say of a command that was interrupted.
	ExitCancelled = 130
)

// Engine runs one migration. The report is never nil.
type Engine func(ctx context.Context, m *manifest.Manifest, o pipeline.Options) (*report.Report, error)

// Accelerations lists what the appliance can run on.
var Accelerations = []string{"auto", "kvm", "tcg"}

// Command is the hyper2kvm command.
type Command struct {
	Version string
	Engine  Engine
	// Preflight says what would fail a migration that ran now.
	Preflight func(ctx context.Context, m *manifest.Manifest, o pipeline.Options) report.Foreseen
	// Finished names the images where an earlier run has done all that the manifest
	// asks for.
	Finished func(m *manifest.Manifest) []string
	Stdin    io.Reader
	// Stdout receives the result: the summary, or the events. Stderr receives
	// all that is said on the way.
	Stdout, Stderr io.Writer
	// Exit ends the process; nil is os.Exit.
	Exit func(code int)
}

func (c *Command) exit(code int) {
	if c.Exit == nil {
		os.Exit(code)
	}
	c.Exit(code)
}

// flags are the command's arguments.
type flags struct {
	manifest           string
	verbose            int
	quiet              bool
	dryRun             bool
	events             bool
	acceleration       string
	workDirectory      string
	cancelOnStdinClose bool
	hostID             string
	runID              string
	printSchema        bool
	preflight          bool
	libvirtXML         string
	skipFinished       bool
}

const long = `Migrates the disk image that a manifest describes, so that it boots on KVM.

Relative paths in the manifest count from the current directory. Interrupting
the command (Ctrl-C, or SIGTERM) cancels the migration and removes what it has
made so far; a second interrupt ends it at once and leaves that behind.

Exit codes:
    0  the migration succeeded
    1  the migration failed; the message says why, and so does the report, which
       is written once the source and the output directory are found sound
    2  nothing was begun: the arguments or the manifest are wrong
  130  the migration was cancelled`

const examples = `  hyper2kvm --manifest migration.json
  hyper2kvm --manifest migration.json --dry-run -v
  generate-manifest | hyper2kvm --manifest - --events
  hyper2kvm report report.json --html > report.html
  hyper2kvm --print-schema > manifest.schema.json`

// Run executes the command with its arguments (without the program's name) and
// returns its exit code. Cancelling ctx cancels the migration.
func (c *Command) Run(ctx context.Context, args []string) int {
	code := ExitSuccess
	var f flags
	root := &cobra.Command{
		Use:           "hyper2kvm --manifest FILE",
		Short:         "Migrate a disk image to KVM",
		Long:          long,
		Example:       examples,
		Version:       c.Version,
		Args:          noArguments,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.printSchema {
				_, err := c.Stdout.Write(manifest.Schema())
				return err
			}
			if f.preflight {
				return c.answerPreflights(cmd.Context(), f)
			}
			if err := cmp.Or(refuseEmpty(cmd.Flags()), f.check()); err != nil {
				return err
			}
			code = c.migrate(cmd.Context(), f, cmd.Flags().Changed("dry-run"))
			return nil
		},
	}
	f.define(root)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(helpCommand(root))
	root.AddCommand(c.reportCommand())
	root.SetArgs(args)
	root.SetIn(c.Stdin)
	root.SetOut(c.Stdout)
	root.SetErr(c.Stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintf(c.Stderr, "hyper2kvm: %v\nTry: hyper2kvm --help\n", err)
		return ExitInvalid
	}
	return code
}

func (f *flags) define(root *cobra.Command) {
	set := root.Flags()
	set.SortFlags = false
	set.StringVar(&f.manifest, "manifest", "", "`FILE` with the manifest; - reads it from standard input")
	set.CountVarP(&f.verbose, "verbose", "v", "tell more, whatever options.verbose says (-vv is the same)")
	set.BoolVarP(&f.quiet, "quiet", "q", false, "tell nothing but errors, whatever options.verbose says")
	set.BoolVar(&f.dryRun, "dry-run", false, "write nothing but the report, whatever options.dry_run says")
	set.BoolVar(&f.events, "events", false, "print each event as a line of JSON; the last holds the report")
	set.StringVar(&f.acceleration, "acceleration", Accelerations[0], "what the appliance runs on: "+strings.Join(Accelerations, ", "))
	set.StringVar(&f.workDirectory, "work-directory", "", "`DIR` for temporary files, as large as what the guest changes (default: output.directory)")
	set.StringVar(&f.hostID, "host-id", "", "`NAME` of this host in the ownership records, as the provider's host_id (default: derived from the machine's id and name)")
	set.BoolVar(&f.cancelOnStdinClose, "cancel-on-stdin-close", false, "cancel when standard input ends; a manifest from there ends with its JSON")
	set.BoolVar(&f.skipFinished, "skip-finished", false, "succeed at once where an earlier run of this manifest has, as when a job is run again")
	set.BoolVar(&f.printSchema, "print-schema", false, "print the manifest's JSON Schema")
	set.StringVar(&f.runID, "run-id", "", "`UUID` that the ownership records of this run will have")
	root.MarkFlagsMutuallyExclusive("verbose", "quiet")
	root.MarkFlagsMutuallyExclusive("manifest", "print-schema")
	set.StringVar(&f.libvirtXML, "libvirt-xml", "", "write libvirt's definition of the new machine to the new `FILE`, for virsh define")
	set.BoolVar(&f.preflight, "preflight", false, "answer each manifest of standard input with a line of what would fail it")
	// These tell of a run, and there may be none.
	root.MarkFlagsMutuallyExclusive("skip-finished", "events")
	root.MarkFlagsMutuallyExclusive("skip-finished", "libvirt-xml")
	// For the Terraform provider, which runs this command as a child.
	_ = set.MarkHidden("cancel-on-stdin-close")
	_ = set.MarkHidden("run-id")
	_ = set.MarkHidden("preflight")
}

// helpCommand is for who asks for help without knowing the flag.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Hidden: true, SilenceErrors: true, SilenceUsage: true,
		RunE: func(_ *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return fmt.Errorf("help: there is no command %q", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag() // else it would not be among the flags
			about.InitDefaultVersionFlag()
			return about.Help()
		},
	}
}

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q: give the manifest as --manifest %[1]s", args[0])
	}
	return nil
}

func (f *flags) check() error {
	if f.manifest == "" {
		return errors.New("no manifest: give --manifest FILE")
	}
	if !slices.Contains(Accelerations, f.acceleration) {
		return fmt.Errorf("unknown acceleration %q: use one of %s", f.acceleration, strings.Join(Accelerations, ", "))
	}
	if f.hostID != "" && !artifact.HostIDPattern.MatchString(f.hostID) {
		return fmt.Errorf("host id %q: use 1 to 128 letters, digits or any of . _ : / @ -", f.hostID)
	}
	return nil
}

// refuseEmpty refuses what was given as nothing, as an unset variable of a shell
// is: it would silently stand for the default.
func refuseEmpty(set *pflag.FlagSet) (err error) {
	set.Visit(func(given *pflag.Flag) {
		if given.Value.Type() == "string" && given.Value.String() == "" {
			err = errors.Join(err, fmt.Errorf("--%s is empty: give a value, or leave it out", given.Name))
		}
	})
	return err
}

// override puts the arguments in place of the manifest's own options.
func (f *flags) override(o *manifest.Options, dryRunGiven bool) {
	if dryRunGiven {
		o.DryRun = f.dryRun
	}
	if f.verbose > 0 {
		o.Verbose = verbose
	}
	if f.quiet {
		o.Verbose = quiet
	}
}
