package devname

import (
	"slices"
	"testing"
)

func TestSpans(t *testing.T) {
	t.Parallel()
	const slot = "/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:0:0-part1"
	for text, want := range map[string][]string{
		"/dev/sda1":                                              {"/dev/sda1"},
		"/dev/sda1:/srv:ext4:defaults":                           {"/dev/sda1"},
		slot + ":/srv:ext4":                                      {slot},
		"0,/dev/sda1,/dev/sdb1":                                  {"/dev/sda1", "/dev/sdb1"},
		"target=x,source=/dev/sda1,lvm=y":                        {"/dev/sda1"},
		"0 4096 linear /dev/sda1 0":                              {"/dev/sda1"},
		slot + ":root:allow-discards":                            {slot},
		"/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:0:0:root:x": {"/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:0:0"},
		"/dev/block/8:1":                                         {"/dev/block/8:1"},
		"/dev/md/web:0":                                          {"/dev/md/web:0"},
		"/dev/md/web:0:cryptroot":                                {"/dev/md/web:0"},
		"/dev/md/0:root":                                         {"/dev/md/0"},
		"/dev/md/0:1":                                            {"/dev/md/0"},
		"/dev/disk/by-id/usb-V_P_92071-0:0-part1":                {"/dev/disk/by-id/usb-V_P_92071-0:0-part1"},
		"/dev/disk/by-id/usb-V_P_92071-0:0":                      {"/dev/disk/by-id/usb-V_P_92071-0:0"},
		"/dev/disk/by-id/scsi-SATA:x_1-part3:root:x":             {"/dev/disk/by-id/scsi-SATA:x_1-part3"},
		"/dev/disk/by-id/scsi-36000-part4:r":                     {"/dev/disk/by-id/scsi-36000-part4"},
		"/dev/disk/by-id/x:/srv":                                 {"/dev/disk/by-id/x"},
		"/dev/mapper/vg-a,/mnt/dev/sda1":                         nil,
		"/dev/disk/by-uuid/1:/srv":                               nil,
		"/dev/sda$n":                                             nil,
		"hd:/dev/sda1:/ks.cfg":                                   {"/dev/sda1"},
		"":                                                       nil,
		"/dev/":                                                  nil,
	} {
		var got []string
		for _, s := range Spans(text) {
			got = append(got, text[s.From:s.To])
		}
		if !slices.Equal(got, want) {
			t.Errorf("Spans(%q) = %q, want %q", text, got, want)
		}
	}
}
