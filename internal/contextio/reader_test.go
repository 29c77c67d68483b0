package contextio_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/contextio"
)

func TestReaderEndsWithItsContext(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	r := contextio.NewReader(ctx, strings.NewReader("whole"))
	half := make([]byte, 3)
	if n, err := r.Read(half); n != 3 || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	cancel(stopped)
	if rest, err := io.ReadAll(r); len(rest) > 0 || !errors.Is(err, stopped) {
		t.Errorf("%q, %v", rest, err)
	}
}

func TestReaderLeavesTheBufferToItsCaller(t *testing.T) {
	t.Parallel()
	if _, ok := contextio.NewReader(t.Context(), strings.NewReader("")).(io.WriterTo); ok {
		t.Error("io.CopyBuffer does not use its buffer")
	}
}
