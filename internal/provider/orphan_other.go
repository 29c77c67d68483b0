//go:build !linux

package provider

// ExitWithTerraform does nothing: migrations run on Linux only.
func ExitWithTerraform(func()) {}
