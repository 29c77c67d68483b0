package pipeline

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/inject"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// TestInjectOptionsLosesNothing gives every field of the configuration a value
// of its own and looks for all of them.
func TestInjectOptionsLosesNothing(t *testing.T) {
	t.Parallel()
	var configuration manifest.Configuration
	count := 0
	fill(reflect.ValueOf(&configuration).Elem(), &count)
	configuration.MachineID = manifest.MachineIDReset
	options := injectOptions(&configuration)
	if !options.ResetMachineID {
		t.Error("machine_id was lost")
	}
	got := map[string]bool{}
	collect(reflect.ValueOf(options), got)
	want := map[string]bool{}
	collect(reflect.ValueOf(configuration), want)
	delete(want, string(manifest.MachineIDReset))
	delete(got, "true")
	if len(want) < 25 {
		t.Fatalf("the configuration has only %d values", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-manifest +options):\n%s", diff)
	}
	if diff := cmp.Diff(inject.Options{}, injectOptions(&manifest.Configuration{})); diff != "" {
		t.Errorf("options of an empty configuration (-want +got):\n%s", diff)
	}
}

func fill(v reflect.Value, count *int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), count)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), count)
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, count)
		}
	case reflect.String:
		*count++
		v.SetString(fmt.Sprintf("value %d", *count))
	default:
		*count++
		v.SetInt(int64(*count))
	}
}

func collect(v reflect.Value, found map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		collect(v.Elem(), found)
	case reflect.Slice:
		for i := range v.Len() {
			collect(v.Index(i), found)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			collect(field, found)
		}
	default:
		found[fmt.Sprint(v)] = true
	}
}
