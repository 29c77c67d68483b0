package provider

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestEngineAcquire(t *testing.T) {
	t.Parallel()
	engine := newEngine("", settings{concurrent: 1, lockDirectory: t.TempDir()})
	release, err := engine.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.acquire(impatient); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "waited") {
		t.Errorf("acquiring beyond the limit: %v", err)
	}

	acquired := make(chan error)
	go func() {
		again, err := engine.acquire(t.Context())
		if err == nil {
			again()
		}
		acquired <- err
	}()
	release()
	if err := <-acquired; err != nil {
		t.Errorf("acquiring a freed slot: %v", err)
	}
}

func TestDefaultMaxConcurrent(t *testing.T) {
	t.Parallel()
	if got := defaultMaxConcurrent(); got < 1 {
		t.Errorf("%d migrations may run at the same time", got)
	}
}

func TestCreateInAnotherDirectoryThanPlanned(t *testing.T) {
	server := newServer(t, fakeProvider(t), `{}`)
	wanted := configuration(sourceFile(t), "out", "")
	t.Chdir(t.TempDir())
	plan, planned := server.plan(instance{}, wanted)
	server.noErrors(plan.Diagnostics)
	elsewhere := t.TempDir()
	t.Chdir(elsewhere)
	created, diags := server.applyPlan(t.Context(), instance{}, plan, wanted)
	text := strings.Join(texts(diags), "\n")
	if !created.state.IsNull() || !strings.Contains(text, "made in another directory") || !strings.Contains(text, must[string](at(t, planned, "output_path"))) {
		t.Errorf("in state: %t, diagnostics: %s", !created.state.IsNull(), text)
	}
	if left := listing(t, elsewhere); len(left) != 0 {
		t.Errorf("the refused migration left %q", left)
	}
}
