package manifest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnsupported(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		members map[string]string
		want    []string
	}{
		"minimal": {},
		"all of them": {
			map[string]string{
				"pipeline": `{"fix": {}, "convert": {"compress": true, "compress_level": 6}}`,
			},
			[]string{
				"0:0 pipeline.convert.compress_level: not supported by this version: leave it out",
			},
		},
		"in stages that are off": {
			map[string]string{
				"pipeline": `{
					"inspect": {}, "fix": {"enabled": false},
					"convert": {"enabled": false, "compress": true, "compress_level": 6}
				}`,
			},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := decode(t, minimal(t, test.members))
			if diff := cmp.Diff(test.want, positions(m.Unsupported())); diff != "" {
				t.Errorf("unsupported (-want +got):\n%s", diff)
			}
		})
	}
}
