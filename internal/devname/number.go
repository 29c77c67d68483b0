package devname

import (
	"fmt"
	"regexp"
	"strconv"
)

var (
	hexNumber   = regexp.MustCompile(`^(0x)?([0-9a-fA-F]{3,5})$`)
	colonNumber = regexp.MustCompile(`^([0-9]{1,3}):([0-9]{1,6})$`)
)

// Numbered returns the name of the block device that a kernel parameter gives by
// its number, as root=0802 or root=8:2. It is false for what is no such number,
// and for memory disks, loops and drives, which are no disk of a machine. A number
// that the kernel hands out as devices come gets a name below /dev/block.
func Numbered(spec string) (name string, ok bool) {
	var major, minor int
	if m := colonNumber.FindStringSubmatch(spec); m != nil {
		major, _ = strconv.Atoi(m[1])
		minor, _ = strconv.Atoi(m[2])
	} else if m := hexNumber.FindStringSubmatch(spec); m != nil {
		// The kernel's new_decode_dev.
		n, err := strconv.ParseUint(m[2], 16, 32)
		if err != nil {
			return "", false
		}
		major, minor = int(n>>8)&0xfff, int(n&0xff|n>>12&0xfff00)
	} else {
		return "", false
	}
	switch major {
	case 0, 1, 2, 7, 11: // none, ram, floppy, loop, CD
		return "", false
	case 3, 22:
		first := map[int]byte{3: 'a', 22: 'c'}[major]
		return lettered("hd", first+byte(minor/64%2), minor%64), true
	case 8:
		return lettered("sd", 'a'+byte(minor/16), minor%16), true
	case 202:
		return lettered("xvd", 'a'+byte(minor/16%16), minor%16), true
	case 9:
		return fmt.Sprintf("/dev/md%d", minor), true
	}
	return fmt.Sprintf("/dev/block/%d:%d", major, minor), true
}

func lettered(kind string, letter byte, partition int) string {
	name := "/dev/" + kind + string(letter)
	if partition > 0 {
		name += strconv.Itoa(partition)
	}
	return name
}
