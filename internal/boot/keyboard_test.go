package boot

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qmp/qmptest"
)

func TestKeysOf(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for c := ' '; c <= '~'; c++ {
		all.WriteRune(c)
	}
	keys, ok := keysOf(all.String())
	if !ok {
		t.Fatal("there are characters that no key types")
	}
	seen := map[key]bool{}
	for _, k := range keys {
		if seen[k] {
			t.Errorf("%+v types two characters", k)
		}
		seen[k] = true
	}
	keys, ok = keysOf("aB 1!-_")
	want := []key{{"a", false}, {"b", true}, {"spc", false}, {"1", false}, {"1", true}, {"minus", false}, {"minus", true}}
	if diff := cmp.Diff(want, keys, cmp.AllowUnexported(key{})); diff != "" || !ok {
		t.Errorf("(-want +got), %t:\n%s", ok, diff)
	}
	for _, text := range []string{"schlüssel", "a\tb", "a\n", "€"} {
		if keys, ok := keysOf(text); ok {
			t.Errorf("%q is typed with %+v", text, keys)
		}
	}
}

// TestTypeKeys: what is typed is what the guest's keyboard gets, with Enter; and no
// error names a key.
func TestTypeKeys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ answer, want string }{
		"typed":   {`"return": {}`, "shift+s e c r e t ret"},
		"refused": {`"error": {"class": "GenericError", "desc": "bad key 's'"}`, "shift+s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			connection := qmptest.Play(t, nil, func(_ string, arguments json.RawMessage) string {
				var asked struct{ Keys []struct{ Data string } }
				_ = json.Unmarshal(arguments, &asked) // nothing is pressed then
				var names []string
				for _, k := range asked.Keys {
					names = append(names, k.Data)
				}
				got = append(got, strings.Join(names, "+"))
				return test.answer
			})
			r := &Running{Process: &Process{ended: make(chan struct{})}, monitor: newMonitor(connection, newNotice())}
			keys, _ := keysOf("Secret")
			err := r.typeKeys(t.Context(), keys)
			if strings.Join(got, " ") != test.want {
				t.Errorf("pressed %q, want %s", got, test.want)
			}
			if (err != nil) != (name == "refused") || err != nil && (!errors.Is(err, errNotTyped) || strings.Contains(err.Error(), "'s'")) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

// TestAsksOnScreen: what was answered is not answered twice, and a further question
// is.
func TestAsksOnScreen(t *testing.T) {
	t.Parallel()
	const question = "Please unlock disk sda5_crypt:"
	w := &watch{}
	for _, step := range []struct {
		screen string
		asks   bool
	}{
		{"[    1.2] sd 0:0:0:0: Attached", false},
		{question, true},
		{question + " ?", false}, // a cursor that blinks
		{question + "\ncryptsetup: ERROR: sda5_crypt: cryptsetup failed, bad password or options?", false},
		{question + "\ncryptsetup: ERROR: sda5_crypt: cryptsetup failed, bad password or options?\n" + question, true},
		{"web01 login:", false},
	} {
		w.outcome.Screen.Text = step.screen
		if got := w.asksOnScreen(); got != step.asks {
			t.Errorf("%q: asks %t", step.screen, got)
		}
		if step.asks {
			w.answered = withoutCursor(step.screen)
		}
	}
}
