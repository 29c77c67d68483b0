// Package pipeline runs one migration: the five stages in order over one
// overlay and at most one appliance. Each stage takes what those before it have
// found out or made, and returns its own.
//
// How the guest's disks are come by, each step with the type that it returns:
//
//	load ──────────▶ opened      the source's disks, checked, for QEMU to read
//	  look ────────▶ offline.View  what their blocks tell, without an appliance
//	  session.launch             the one appliance of the run, over overlays
//	  examine ─────▶ examined    opened, and what the appliance sees of disks
//	    mount ─────▶ mounted     examined, and the guest with its file systems
//	  enter ───────▶ mounted     examine and mount, for a run that does not inspect
//	    repair ────▶ fixed       mounted, and what the fix stage did
//
// inspect returns inspected, with examined and mounted as far as it came; where a look
// suffices it has neither. A medium is whichever of opened, examined and mounted is
// there when a stage wants the disks' content: release ends the appliance, if there is
// one, and gives the images to copy from. pipeline.go ties the stages together.
package pipeline
