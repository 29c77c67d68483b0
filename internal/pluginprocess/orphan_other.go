//go:build !linux

package pluginprocess

// ExitWithTerraform does nothing: migrations run on Linux only.
func ExitWithTerraform(func()) {}
