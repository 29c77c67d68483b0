package provider

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestRecordedRunHasEveryAttribute reads the report of a real migration, which
// tells all there is to tell: no attribute may be left null.
func TestRecordedRunHasEveryAttribute(t *testing.T) {
	t.Parallel()
	rep, err := report.Read(filepath.Join("..", "report", "testdata", "runs", "migration", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	guest, err := newGuestModel(rep)
	if err != nil {
		t.Fatal(err)
	}
	assertNoNulls(t, "guest", reflect.ValueOf(guest))
	inspected, err := report.ResultOf[report.Inspection](rep)
	if err != nil {
		t.Fatal(err)
	}
	disks := newDiskModels(inspected)
	if len(disks) != 2 || !disks[0].Boot || disks[1].Boot || len(disks[1].Partitions) != 0 || disks[1].PartitionTable != nil {
		t.Fatalf("the disks are %+v", disks)
	}
	// A file system has a label or a partition, and this machine has one of each.
	labelled := disks[1].Filesystems[0]
	if labelled.Label == nil || labelled.Partition != nil {
		t.Errorf("the file system of the second disk is %+v", labelled)
	}
	disks[0].Filesystems[0].Label = labelled.Label
	disks[0].Filesystems = disks[0].Filesystems[:1]
	assertNoNulls(t, "disks[0]", reflect.ValueOf(disks[0]))
	assertNoNulls(t, "artifacts[0].virtual_size", reflect.ValueOf(newArtifactModels(rep.Artifacts)[0].VirtualSize))
	if files := sourceFiles(rep); len(files) != 3 {
		t.Errorf("the files of the source are %+v", files)
	}
}

// assertNoNulls looks for nil pointers and empty lists and texts.
func assertNoNulls(t *testing.T, name string, value reflect.Value) {
	t.Helper()
	switch value.Kind() {
	case reflect.Struct:
		for field, of := range value.Fields() {
			assertNoNulls(t, name+"."+field.Name, of)
		}
	case reflect.Slice:
		for n := range value.Len() {
			assertNoNulls(t, name, value.Index(n))
		}
		if value.Len() == 0 {
			t.Errorf("%s has no element", name)
		}
	case reflect.Pointer:
		if value.IsNil() {
			t.Errorf("%s is null", name)
			return
		}
		assertNoNulls(t, name, value.Elem())
	case reflect.String:
		if value.String() == "" {
			t.Errorf("%s is empty", name)
		}
	}
}
