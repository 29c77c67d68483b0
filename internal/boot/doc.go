// Package boot starts disk images under QEMU and tells how far they come.
//
// A [Machine] says what is started. [Watch] starts it, follows what can be seen
// of its guest from outside (the serial console, the screen, the frames that its
// network cards send, its guest agent, how often it resets) and ends with a
// verdict as soon as one is certain. [Start] leaves that to the caller.
//
// The guest may be hostile. Its QEMU runs in a sandbox, in a process group of its
// own, ends with this process, and reaches no network; nothing of the images is
// written unless the machine says so.
package boot
