package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// answerPreflights plays the engine that answers. The manifest's name says how.
func answerPreflights() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var m manifest.Manifest
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			os.Exit(2)
		}
		switch m.Metadata.Name {
		case scenarioExit:
			os.Exit(3)
		case scenarioDeaf:
			select {}
		case scenarioHugeLine:
			fmt.Println(strings.Repeat("x", 1<<20))
		default:
			answer, _ := json.Marshal(report.Foreseen{Guest: fmt.Sprintf("%s %d %s", m.Metadata.Name, os.Getpid(), lines.Text())})
			fmt.Println(string(answer))
		}
	}
	os.Exit(0)
}

func named(name string) *manifest.Manifest {
	return &manifest.Manifest{Version: "1.0", Metadata: &manifest.Metadata{Name: name}}
}

func about(name string) manifest.Question { return manifest.Question{Manifest: named(name)} }

func newPreflight(t *testing.T) *Preflight {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &Preflight{Executable: executable}
	t.Cleanup(p.Close)
	return p
}

// words are those that the fake engine has for the guest: the manifest's name, the
// child's process id, and what it was asked.
func words(t *testing.T, p *Preflight, m *manifest.Manifest) []string {
	t.Helper()
	foreseen, err := p.Check(t.Context(), manifest.Question{Manifest: m})
	if err != nil || foreseen.Guest == "" {
		t.Errorf("foreseen %v, error %v", foreseen, err)
		return []string{"", "", ""}
	}
	return strings.SplitN(foreseen.Guest, " ", 3)
}

func TestPreflightKeepsOneChild(t *testing.T) {
	t.Parallel()
	p := newPreflight(t)
	var all sync.WaitGroup
	var mutex sync.Mutex
	var children []string
	for n := range 20 {
		all.Go(func() {
			name := fmt.Sprint("vm", n)
			got := words(t, p, named(name))
			mutex.Lock()
			defer mutex.Unlock()
			children = append(children, got[1])
			if got[0] != name {
				t.Errorf("asked for %s, told of %s", name, got[0])
			}
		})
	}
	all.Wait()
	slices.Sort(children)
	if children = slices.Compact(children); len(children) != 1 {
		t.Errorf("the children %q answered", children)
	}
	p.Close()
	if again := words(t, p, named("vm")); again[1] == children[0] {
		t.Error("a child answers that was told to end")
	}
}

func TestPreflightSurvivesItsChild(t *testing.T) {
	t.Parallel()
	p := newPreflight(t)
	for _, scenario := range []string{scenarioExit, scenarioHugeLine} {
		if foreseen, err := p.Check(t.Context(), about(scenario)); err == nil {
			t.Errorf("%s: foreseen %v", scenario, foreseen)
		}
		if got := words(t, p, named("vm")); got[0] != "vm" {
			t.Errorf("after %s the answer is %q", scenario, got)
		}
	}
}

func TestPreflightEndsAChildThatHangs(t *testing.T) {
	t.Parallel()
	p := newPreflight(t)
	p.limit = 1 // a nanosecond: none could be asked and answer within it
	if foreseen, err := p.Check(t.Context(), about(scenarioDeaf)); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("foreseen %v, error %v", foreseen, err)
	}
	p.limit = 0
	if got := words(t, p, named("vm")); got[0] != "vm" {
		t.Errorf("after it the answer is %q", got)
	}
}

// TestPreflightCancelled: for who asks no more no child is started, and none ended.
func TestPreflightCancelled(t *testing.T) {
	t.Parallel()
	p := &Preflight{Executable: filepath.Join(t.TempDir(), "none")}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if foreseen, err := p.Check(ctx, about("vm")); !errors.Is(err, context.Canceled) {
		t.Errorf("foreseen %v, error %v", foreseen, err)
	}
}

func TestPreflightKeepsSecrets(t *testing.T) {
	t.Parallel()
	m := named("vm")
	m.Source.LUKSKeys = []manifest.LUKSKey{{Device: "/dev/sda2", Key: "correct horse"}}
	if diff := cmp.Diff(false, strings.Contains(words(t, newPreflight(t), m)[2], "correct horse")); diff != "" {
		t.Error("the child was told a key")
	}
}
