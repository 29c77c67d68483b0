// Package artifact puts a run's files where users expect them and takes them
// away again: nothing half-made is ever visible, no existing file is replaced
// unasked, and nothing is deleted that a run did not publish.
//
// The order of calls is Sweep, Preflight, NewRun, Run.Reserve, Run.Temporary,
// Run.PublishAll, Run.Claim, Run.Close and, at the end of a failed run,
// RemoveEmpty. Later Check tells what became of a file and Delete removes it.
package artifact

// prefix begins the name of every directory that a run makes for itself.
const prefix = ".hyper2kvm-"

// sidecarSuffix ends the name of the ownership record beside a published file.
const sidecarSuffix = ".hyper2kvm.json"
