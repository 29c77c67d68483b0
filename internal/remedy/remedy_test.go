package remedy_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

func TestOf(t *testing.T) {
	t.Parallel()
	cause := errors.New("full")
	inner := remedy.With(cause, "make room")
	if got := remedy.With(cause, "x").Error(); got != "full" {
		t.Errorf("the message became %q", got)
	}
	if !errors.Is(fmt.Errorf("a: %w", inner), cause) {
		t.Error("the cause is lost")
	}
	for want, err := range map[string]error{
		"":          cause,
		"make room": fmt.Errorf("a: %w", inner),
		"outer":     remedy.With(fmt.Errorf("a: %w", inner), "outer"),
		"second":    remedy.With(remedy.With(cause, "second"), ""),
		"joined":    errors.Join(cause, remedy.With(cause, "joined")),
	} {
		if got := remedy.Of(err); got != want {
			t.Errorf("of %v it is %q, want %q", err, got, want)
		}
	}
	if got := remedy.Of(nil); got != "" {
		t.Errorf("of nothing it is %q", got)
	}
}
