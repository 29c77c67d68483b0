//go:build cgo

package qcow2_test

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qcow2"

// compressions is what this build can write.
var compressions = []qcow2.Compression{qcow2.Zlib, qcow2.Zstd}
