// Bench measures migrations beside virt-v2v and qemu-img, and writes the page
// about it. It knows nothing of the engine but its command and its report.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/measure"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/page"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

const usage = `usage:
  bench run [-sections LIST] [-rounds N] [-fresh] ...   measure what was not measured yet
  bench render [-results DIR] [-page DIR] ...           write the page and its plots, and the history
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("which command?\n%s", usage)
	}
	switch args[0] {
	case "run":
		return run(ctx, args[1:])
	case "render":
		return render(args[1:])
	default:
		return fmt.Errorf("no command is named %q\n%s", args[0], usage)
	}
}

func run(ctx context.Context, args []string) error {
	b := measure.Bench{Log: os.Stdout}
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.StringVar(&b.Engine, "engine", "build/bench/hyper2kvm", "the hyper2kvm `command`")
	flags.StringVar(&b.Commit, "commit", "", "the `commit` that it was built from")
	flags.StringVar(&b.Testguest, "testguest", "build/testguest", "the `command` that builds guests")
	flags.StringVar(&b.Room, "room", "build/bench", "`folder` with 30 GB of room for disks and images, which are removed at the end")
	flags.StringVar(&b.Store.Dir, "results", "build/bench/results", "`folder` of what was measured")
	flags.IntVar(&b.Rounds, "rounds", 5, "how often everything is measured")
	mostLive := flags.Int64("most-live", 8, "leave out disks with more live data, in GiB")
	flags.BoolVar(&b.Fresh, "fresh", false, "forget what was measured before")
	flags.BoolVar(&b.ScaleVirtV2V, "scale-virt-v2v", false, "have virt-v2v migrate the larger disks as well, which takes an hour")
	flags.StringVar(&b.VirtV2VSuite, "virt-v2v-suite", "", "the `release` of Debian whose virt-v2v is compared with (default: the one that is installed)")
	sections := flags.String("sections", "", "comma-separated `list` of "+strings.Join(results.Sections, ", ")+" (default: all)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if b.Rounds < 1 {
		return fmt.Errorf("-rounds is %d and must be at least 1", b.Rounds)
	}
	b.MostLive = *mostLive << 30
	return b.Run(ctx, chosen(*sections))
}

// chosen is the list of sections, all where none is named.
func chosen(list string) []string {
	names := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	if len(names) == 0 {
		return results.Sections
	}
	return names
}

func render(args []string) error {
	var store results.Store
	flags := flag.NewFlagSet("render", flag.ContinueOnError)
	flags.StringVar(&store.Dir, "results", "build/bench/results", "`folder` of what was measured")
	var history results.History
	flags.StringVar(&history.Path, "history", "internal/testguest/bench/history.json", "`file` of the builds that were measured")
	folder := flags.String("page", "templates/guides", "`folder` for the page and its plots")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return page.Write(store, history, *folder)
}
