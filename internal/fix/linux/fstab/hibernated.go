package fstab

import (
	"errors"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// HibernatedTo is the swap file of fstab that has the memory of a guest which sleeps; or
// nothing.
func HibernatedTo(e *edit.Editor) (string, error) {
	text, _, err := e.Read(fstabPath)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(text) {
		t := conf.ParseTableLine(line)
		if len(t.Fields) < 3 || strings.HasPrefix(t.Fields[0], "#") || t.Fields[2] != "swap" {
			continue
		}
		file, _ := conf.UnquoteSpec(t.Fields[0])
		if info, err := e.Stat(file); !strings.HasPrefix(file, "/") || strings.HasPrefix(file, "/dev/") || err != nil || !info.Mode.IsRegular() {
			continue
		}
		var head swapHead
		if err := e.Download(file, &head); err != nil && !head.isWhole() {
			return "", err
		}
		if head.isWhole() && guest.IsSuspendMark(head.data[guest.SuspendMarkOffset:]) {
			return file, nil
		}
	}
	return "", nil
}

// swapHead takes what tells of a swap area, and ends the reading of the rest.
type swapHead struct{ data []byte }

var errHeadRead = errors.New("the rest is not needed")

// Write implements io.Writer.
func (h *swapHead) Write(p []byte) (int, error) {
	h.data = append(h.data, p[:min(len(p), guest.SuspendMarkOffset+guest.SuspendMarkLength-len(h.data))]...)
	if h.isWhole() {
		return 0, errHeadRead
	}
	return len(p), nil
}

func (h *swapHead) isWhole() bool {
	return len(h.data) == guest.SuspendMarkOffset+guest.SuspendMarkLength
}
