package qemuimg_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

func TestFilename(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		image qemuimg.Image
		want  string
	}{
		"a plain path stays": {
			image: qemuimg.Image{Path: "/d/a.vmdk", Format: "vmdk"},
			want:  "/d/a.vmdk",
		},
		"a relative path cannot be a protocol": {
			image: qemuimg.Image{Path: "nbd:a.vmdk", Format: "vmdk"},
			want:  here + "/nbd:a.vmdk",
		},
		"a window": {
			image: qemuimg.Image{Path: `/d/a",b.ova`, Format: "vmdk", Offset: 1024, Size: 2048},
			want:  `json:{"driver":"vmdk","file":{"driver":"raw","file":{"driver":"file","filename":"/d/a\",b.ova"},"offset":1024,"size":2048}}`,
		},
		"a raw window": {
			image: qemuimg.Image{Path: "/d/a.ova", Format: "raw", Offset: 1024, Size: 2048},
			want:  `json:{"driver":"raw","file":{"driver":"file","filename":"/d/a.ova"},"offset":1024,"size":2048}`,
		},
		"standalone": {
			image: qemuimg.Image{Path: "/d/a.qcow2", Format: "qcow2", Standalone: true},
			want:  `json:{"backing":null,"driver":"qcow2","file":{"driver":"file","filename":"/d/a.qcow2"}}`,
		},
		"a format without backing files is standalone anyway": {
			image: qemuimg.Image{Path: "/d/a.vhd", Format: "vpc", Standalone: true, Options: map[string]string{"force_size_calc": "current_size"}},
			want:  `json:{"driver":"vpc","file":{"driver":"file","filename":"/d/a.vhd"},"force_size_calc":"current_size"}`,
		},
		"a chain and a data file": {
			image: qemuimg.Image{
				Path: "/d/top.qcow2", Format: "qcow2",
				Backing: &qemuimg.Image{Path: "/d/base.qcow2", Format: "qcow2", DataFile: "/d/data", Standalone: true},
			},
			want: `json:{"backing":{"backing":null,"data-file":{"driver":"file","filename":"/d/data"},"driver":"qcow2","file":{"driver":"file","filename":"/d/base.qcow2"}},` +
				`"driver":"qcow2","file":{"driver":"file","filename":"/d/top.qcow2"}}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.image.Filename()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
