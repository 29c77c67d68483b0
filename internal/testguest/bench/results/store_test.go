package results

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/watch"
)

var here = Machine{CPU: "x", Cores: 2, Versions: map[string]string{"QEMU": "7.2"}, EngineDigest: "aa"}

func TestASectionIsResumed(t *testing.T) {
	store := Store{Dir: filepath.Join(t.TempDir(), "results")}
	section, discarded, err := store.Resume(Compare, here)
	if err != nil || discarded || len(section.Samples) != 0 {
		t.Fatalf("beginning: %+v, %v, %v", section, discarded, err)
	}
	key := Key{Case: "guest", Way: Ours, Round: 1}
	section.Samples = append(section.Samples, Sample{
		Key: key, Seconds: 2.5, Stages: map[string]float64{"fix": 1},
		Watched: watch.Record{Alone: 1, Processes: []watch.Process{{Kind: "qemu-img", PeakBytes: 7}}},
	})
	if err := store.Save(section); err != nil {
		t.Fatal(err)
	}
	again, discarded, err := store.Resume(Compare, here)
	if err != nil || discarded {
		t.Fatalf("resuming: %v, %v", discarded, err)
	}
	if !reflect.DeepEqual(again, section) {
		t.Errorf("got %+v, want %+v", again, section)
	}
	if !again.Has(key) || again.Has(Key{Case: "guest", Way: Ours, Round: 2}) {
		t.Error("what was measured is not told from what was not")
	}
}

func TestWhatWasMeasuredElsewhereDoesNotCount(t *testing.T) {
	store := Store{Dir: t.TempDir()}
	if err := store.Save(&Section{Name: Stages, Machine: here, Samples: []Sample{{Seconds: 1}}}); err != nil {
		t.Fatal(err)
	}
	rebuilt := here
	rebuilt.EngineDigest = "bb"
	updated := here
	updated.Versions = map[string]string{"QEMU": "8.0"}
	for name, machine := range map[string]Machine{"another engine": rebuilt, "another QEMU": updated} {
		section, discarded, err := store.Resume(Stages, machine)
		if err != nil || !discarded || len(section.Samples) != 0 {
			t.Errorf("%s: %d samples, discarded %v, %v", name, len(section.Samples), discarded, err)
		}
	}
}

func TestADamagedFileIsAnError(t *testing.T) {
	store := Store{Dir: t.TempDir()}
	if err := os.WriteFile(store.path(Compare), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(Compare); err == nil {
		t.Error("half a file was read")
	}
	if err := store.Remove(Compare); err != nil {
		t.Error(err)
	}
	if section, err := store.Load(Compare); section != nil || err != nil {
		t.Errorf("after removal: %v, %v", section, err)
	}
	if err := store.Remove(Compare); err != nil {
		t.Errorf("removing twice: %v", err)
	}
}

func TestSamplesAreFoundByCaseAndWay(t *testing.T) {
	section := &Section{Samples: []Sample{
		{Key: Key{"b", Ours, 1}, Seconds: 1}, {Key: Key{"b", QEMUImg, 1}, Seconds: 2},
		{Key: Key{"a", Ours, 1}, Seconds: 3}, {Key: Key{"b", Ours, 2}, Seconds: 4},
	}}
	if got := ByRound(section.Of("b", Ours), Seconds); !reflect.DeepEqual(got, map[int]float64{1: 1, 2: 4}) {
		t.Errorf("rounds: %v", got)
	}
	if got := section.Cases(); !reflect.DeepEqual(got, []string{"b", "a"}) {
		t.Errorf("cases: %v", got)
	}
	if got := section.Ways(); !reflect.DeepEqual(got, []string{Ours, QEMUImg}) {
		t.Errorf("ways: %v", got)
	}
	var none *Section
	if none.Of("a", Ours) != nil || none.Cases() != nil {
		t.Error("a section that was not measured has samples")
	}
}
