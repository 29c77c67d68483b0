package manifest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// positions spells errors as "line:column path: message".
func positions(found manifest.Errors) []string {
	var text []string
	for _, e := range found {
		text = append(text, fmt.Sprintf("%d:%d %s", e.Line, e.Column, e.Error()))
	}
	return text
}

func TestErrorsText(t *testing.T) {
	t.Parallel()
	one := manifest.Error{Path: "source.path", Message: "must not be empty"}
	two := manifest.Error{Message: "the manifest is empty"}
	if diff := cmp.Diff("source.path: must not be empty", manifest.Errors{one}.Error()); diff != "" {
		t.Errorf("one error (-want +got):\n%s", diff)
	}
	want := "the manifest has 2 errors:\n  source.path: must not be empty\n  the manifest is empty"
	if diff := cmp.Diff(want, manifest.Errors{one, two}.Error()); diff != "" {
		t.Errorf("two errors (-want +got):\n%s", diff)
	}
	var single manifest.Error
	if wrapped := fmt.Errorf("loading: %w", manifest.Errors{one, two}); !errors.As(wrapped, &single) || single != one {
		t.Errorf("errors.As found %v, want %v", single, one)
	}
}
