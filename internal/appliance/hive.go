//go:build cgo && linux

package appliance

import (
	"errors"
	"fmt"
	"strings"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

// maxHiveValue is how many bytes of a value libhivex writes in a form that Windows
// reads: larger ones lie in pieces.
const maxHiveValue = 16344

// WriteHive makes changes to a hive of the mounted guest, where it lies, so that it
// keeps its owner and its access rights. Nothing is written where one of them
// cannot be made. The hive must be whole, and written to its end: nobody looks here.
func (f *Files) WriteHive(name string, changes []registry.Change) error {
	return f.call("write the hive", name, func(g *guestfs.Guestfs) error {
		if err := g.Hivex_open(name, &guestfs.OptargsHivex_open{Write_is_set: true, Write: true}); err != nil {
			return err
		}
		w := hiveWriter{g}
		for _, change := range changes {
			if err := w.change(change); err != nil {
				return errors.Join(fmt.Errorf("the key %s: %w", change.Key, cleanError(err)), g.Hivex_close())
			}
		}
		return errors.Join(g.Hivex_commit(nil), g.Hivex_close())
	})
}

// hiveWriter changes the hive that is open in the appliance.
type hiveWriter struct{ g *guestfs.Guestfs }

func (w hiveWriter) change(c registry.Change) error {
	switch {
	case c.Removed:
		node, err := w.find(c.Key, false)
		if err != nil {
			return err
		}
		return w.g.Hivex_node_delete_child(node)
	case c.After == nil:
		// Libguestfs has no call for that.
		return fmt.Errorf("the value %q cannot be taken away alone", c.Name)
	case len(c.After.Data) > maxHiveValue:
		return fmt.Errorf("the value %q has %d bytes, and %d is the most", c.Name, len(c.After.Data), maxHiveValue)
	}
	node, err := w.find(c.Key, true)
	if err != nil {
		return err
	}
	return w.g.Hivex_node_set_value(node, c.Name, int64(c.After.Type), c.After.Data)
}

// find is the node of a key, which is made where it is not there and create says so.
func (w hiveWriter) find(path string, create bool) (int64, error) {
	node, err := w.g.Hivex_root()
	if err != nil || path == "" {
		return node, err
	}
	for name := range strings.SplitSeq(path, `\`) {
		child, err := w.g.Hivex_node_get_child(node, name)
		switch {
		case err != nil:
			return 0, err
		case child == 0 && !create:
			return 0, fmt.Errorf("there is no %s", name)
		case child == 0:
			if child, err = w.g.Hivex_node_add_child(node, name); err != nil {
				return 0, err
			}
		}
		node = child
	}
	return node, nil
}
