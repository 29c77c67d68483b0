package appliance

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFreeExtents(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		report string
		want   []byteRange
		fails  bool
	}{
		"nothing": {},
		"full":    {report: "  /dev/sda5|vg|wz--n-|1048576|4194304|0|100|root|linear\n"},
		"a gap and the rest": {
			report: "  /dev/sda5|vg|wz--n-|1048576|4194304|0|10|root|linear\n" +
				"  /dev/sda5|vg|wz--n-|1048576|4194304|10|5||free\n" +
				"  /dev/sda5|vg|wz--n-|1048576|4194304|15|2|swap|linear\n" +
				"  /dev/sda5|vg|wz--n-|1048576|4194304|17|3||free\n",
			want: []byteRange{{"/dev/sda5", 1<<20 + 10*4<<20, 5 * 4 << 20}, {"/dev/sda5", 1<<20 + 17*4<<20, 3 * 4 << 20}},
		},
		"two devices": {
			report: "/dev/sda1|vg|wz--n-|1048576|4194304|0|10||free\n/dev/mapper/luks-1|other|wz--n-|2097152|1048576|0|7||free\n",
			want:   []byteRange{{"/dev/sda1", 1 << 20, 40 << 20}, {"/dev/mapper/luks-1", 2 << 20, 7 << 20}},
		},
		"not in a group":        {report: "/dev/sda1|||0|0|0|0||free\n"},
		"partial":               {report: "/dev/sda1|vg|wz-pn-|1048576|4194304|0|10||free\n"},
		"exported":              {report: "/dev/sda1|vg|wzx-n-|1048576|4194304|0|10||free\n"},
		"shared":                {report: "/dev/sda1|vg|wz--ns|1048576|4194304|0|10||free\n"},
		"free, yet of a volume": {report: "/dev/sda1|vg|wz--n-|1048576|4194304|0|10|root|free\n"},
		"reserved":              {report: "/dev/sda1|vg|wz--n-|1048576|4194304|0|10||linear\n"},
		"overlapping": {
			report: "/dev/sda1|vg|wz--n-|1048576|4194304|0|10|root|linear\n/dev/sda1|vg|wz--n-|1048576|4194304|9|5||free\n", fails: true,
		},
		"with a hole":       {report: "/dev/sda1|vg|wz--n-|1048576|4194304|1|10||free\n", fails: true},
		"negative":          {report: "/dev/sda1|vg|wz--n-|-1|4194304|0|10||free\n", fails: true},
		"too large":         {report: "/dev/sda1|vg|wz--n-|1048576|4194304|0|9007199254740992||free\n", fails: true},
		"no extents":        {report: "/dev/sda1|vg|wz--n-|1048576|0|0|10||free\n", fails: true},
		"odd extents":       {report: "/dev/sda1|vg|wz--n-|1048576|1000|0|10||free\n", fails: true},
		"with units":        {report: "/dev/sda1|vg|wz--n-|1048576B|4194304B|0|10||free\n", fails: true},
		"another layout":    {report: "/dev/sda1|vg|wz--n-|free\n", fails: true},
		"a name that bites": {report: "/dev/sda1;reboot|vg|wz--n-|1048576|4194304|0|10||free\n", fails: true},
	} {
		got, err := freeExtents(test.report)
		if (err != nil) != test.fails {
			t.Errorf("%s: error %v", name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
