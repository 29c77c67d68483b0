// Package testguest builds real Debian guests as VMware would have left them,
// boots disk images under QEMU and says how far they came.
//
// A guest is described by a [Recipe]. [Build] makes its disks with mmdebstrap
// and the guestfish command (see internal/adr/0003-test-guests-use-guestfish.md)
// and keeps them in the user's cache folder, so that each recipe is built once.
// [Boot] starts an image on other hardware, virtio by default, follows its
// serial console and returns as soon as the outcome is known.
//
// Programs needed, by Debian package: guestfish, mmdebstrap,
// linux-image-cloud-amd64 (or another kernel that is readable in /boot),
// qemu-system-x86, qemu-utils, and ovmf for UEFI guests.
package testguest
