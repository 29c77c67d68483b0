package guest

import "strings"

// Tag is a kind of name that stays with a file system or partition whatever
// bus or slot its disk is attached to, as fstab and the kernel's root= know
// them.
type Tag string

// The tags, in the order in which StableName prefers them.
const (
	TagUUID      Tag = "UUID"
	TagPartUUID  Tag = "PARTUUID"
	TagLabel     Tag = "LABEL"
	TagPartLabel Tag = "PARTLABEL"
)

// StableName returns the best stable name, such as "UUID=0a1b...", or "" when
// the device has none. The order is that of prefer, or UUID, PARTUUID, LABEL,
// PARTLABEL when none is given. A label is written as it is: fstab wants a
// blank in it escaped.
func (d Device) StableName(prefer ...Tag) string {
	if len(prefer) == 0 {
		prefer = []Tag{TagUUID, TagPartUUID, TagLabel, TagPartLabel}
	}
	for _, tag := range prefer {
		if value := d.tag(tag); value != "" {
			return string(tag) + "=" + value
		}
	}
	return ""
}

// tag returns the value that udev and mount find the device by.
func (d Device) tag(tag Tag) string {
	// The members of an array or volume group share its identity or have one
	// that only its own tools know: nothing is mounted by it.
	member := strings.HasSuffix(d.FSType, "_member")
	switch {
	case tag == TagUUID && !member:
		return d.UUID
	case tag == TagLabel && !member:
		return d.Label
	case tag == TagPartUUID:
		return d.PartUUID
	case tag == TagPartLabel:
		return d.PartLabel
	}
	return ""
}
