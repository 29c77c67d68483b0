package provider

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// earlierState is what an earlier build of the provider left in terraform.tfstate.
type earlierState struct {
	Resources []struct {
		Instances []struct {
			SchemaVersion int64           `json:"schema_version"`
			Attributes    json.RawMessage `json:"attributes"`
			Private       []byte          `json:"private"`
		} `json:"instances"`
	} `json:"resources"`
}

// TestEarlierStates reads the states that earlier builds wrote: one that is read by
// this build, with the configuration that it was made from, is not replaced, and
// nothing in it changes but what the earlier build did not know: attributes that are
// new get their defaults, in place and once. Each release adds a folder, and none goes.
func TestEarlierStates(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(filepath.Join("testdata", "states", "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("found %q, %v", folders, err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			read := func(name string) []byte {
				text, err := os.ReadFile(filepath.Join(folder, name))
				if err != nil {
					t.Fatal(err)
				}
				return text
			}
			var earlier earlierState
			if err := json.Unmarshal(read("terraform.tfstate"), &earlier); err != nil {
				t.Fatal(err)
			}
			config := string(read("configuration.json"))
			if len(earlier.Resources) != 1 || len(earlier.Resources[0].Instances) != 1 {
				t.Fatalf("found %+v", earlier.Resources)
			}
			was := earlier.Resources[0].Instances[0]
			// The image is on the host that it was made on, which is another one.
			s := newServer(t, fakeProvider(t), `{"host_id": "of-this-test"}`)
			upgraded, err := s.wire.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
				TypeName: "hyper2kvm_migration", Version: was.SchemaVersion, RawState: &tfprotov6.RawState{JSON: was.Attributes},
			})
			if err != nil {
				t.Fatal(err)
			}
			s.noErrors(upgraded.Diagnostics)
			now := instance{s.decode(upgraded.UpgradedState), was.Private}
			if now.state.IsNull() {
				t.Fatal("the state is empty")
			}
			refreshed, told := s.refresh(now)
			s.noErrors(told)
			planned, state := s.plan(refreshed, config)
			s.noErrors(planned.Diagnostics)
			if len(planned.RequiresReplace) > 0 {
				t.Errorf("the plan replaces it for %v", planned.RequiresReplace)
			}
			for _, path := range overwritten("", plain(t, now.state), plain(t, state)) {
				t.Errorf("the plan changes %s", path)
			}
			applied, told := s.applyPlan(t.Context(), refreshed, planned, config)
			s.noErrors(told)
			for _, path := range overwritten("", plain(t, now.state), plain(t, applied.state)) {
				t.Errorf("the apply changes %s", path)
			}
			_, again := s.plan(applied, config)
			if diff := cmp.Diff(plain(t, applied.state), plain(t, again)); diff != "" {
				t.Errorf("the second plan is not empty (-state +plan):\n%s", diff)
			}
		})
	}
}

// overwritten are the paths of what was there before and is otherwise now.
func overwritten(at string, before, after any) []string {
	if before == nil {
		return nil
	}
	was, isObject := before.(map[string]any)
	if !isObject {
		if cmp.Equal(before, after) {
			return nil
		}
		return []string{strings.TrimPrefix(at, ".")}
	}
	is, _ := after.(map[string]any)
	var paths []string
	for name, value := range was {
		paths = append(paths, overwritten(at+"."+name, value, is[name])...)
	}
	slices.Sort(paths)
	return paths
}

func TestOverwritten(t *testing.T) {
	t.Parallel()
	before := map[string]any{"a": "x", "b": nil, "c": map[string]any{"d": 1.0, "e": nil}, "f": []any{"y"}}
	after := map[string]any{"a": "x", "b": "new", "c": map[string]any{"d": 2.0, "e": "new"}}
	if got := overwritten("", before, after); !slices.Equal(got, []string{"c.d", "f"}) {
		t.Errorf("got %q", got)
	}
}
