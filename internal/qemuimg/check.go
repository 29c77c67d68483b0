package qemuimg

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// CheckState is the outcome of a consistency check.
type CheckState string

// The outcomes. Leaks waste space and harm nothing; formats without metadata,
// such as raw, support no check.
const (
	CheckOK          CheckState = "ok"
	CheckLeaks       CheckState = "leaks"
	CheckCorrupt     CheckState = "corrupt"
	CheckUnsupported CheckState = "unsupported"
)

// CheckResult counts what a check found.
type CheckResult struct {
	State       CheckState `json:"-"`
	Corruptions int64      `json:"corruptions"`
	Leaks       int64      `json:"leaks"`
	CheckErrors int64      `json:"check-errors"`
}

// The exit codes of qemu-img check.
const (
	exitCheckFailed      = 1
	exitCheckCorrupt     = 2
	exitCheckLeaks       = 3
	exitCheckUnsupported = 63
)

// Check reads all of an image's metadata and looks for contradictions, under
// limits of memory and time. It changes nothing. A corrupt image is an error that satisfies ErrCorrupt.
func Check(ctx context.Context, image Image) (CheckResult, error) {
	filename, err := image.Filename()
	if err != nil {
		return CheckResult{}, err
	}
	c := command{
		action: fmt.Sprintf("checking %s as %s", image.Path, image.Format),
		args:   []string{"check", "-U", "--output=json", "-f", image.Format, filename},
		limits: &tableLimits,
	}
	stdout, code, err := c.run(ctx)
	if code == exitCheckUnsupported {
		return CheckResult{State: CheckUnsupported}, nil
	}
	if err != nil && code != exitCheckCorrupt && code != exitCheckLeaks && code != exitCheckFailed {
		return CheckResult{}, err
	}
	var result CheckResult
	if decodeErr := json.Unmarshal(stdout, &result); decodeErr != nil && err == nil {
		return CheckResult{}, fmt.Errorf("%s: qemu-img printed no valid JSON: %w", c.action, decodeErr)
	}
	switch {
	case result.Corruptions > 0 || code == exitCheckCorrupt:
		result.State = CheckCorrupt
		return result, remedy.With(&Error{
			Action: c.action,
			Err:    fmt.Errorf("%w: %d errors in its metadata", ErrCorrupt, result.Corruptions),
		}, "compare its size and checksum with the original's and copy or export it again; "+
			"where there is no other, a copy of a qcow2 image can be repaired with qemu-img check -r all COPY")
	case code == exitCheckFailed:
		if remedy.Of(err) == "" {
			err = remedy.With(err, "compare the file's size and checksum with the original's; if they differ, copy or export it again")
		}
		return result, err
	case result.Leaks > 0 || code == exitCheckLeaks:
		result.State = CheckLeaks
	default:
		result.State = CheckOK
	}
	return result, nil
}
