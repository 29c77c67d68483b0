package report

// The actions of a Change.
const (
	ActionModified = "modified"
	ActionCreated  = "created"
	ActionRemoved  = "removed"
	ActionCommand  = "command"
)

// Change is one thing that was done to the guest. Path is the guest path; for
// a command it is the program's. Diff is a unified diff of a text file, with
// secrets hidden, and empty where there is none to show.
type Change struct {
	Path        string `json:"path"`
	Action      string `json:"action"`
	Description string `json:"description"`
	Diff        string `json:"diff,omitempty"`
}

// Warning is something that a person should know or do, while the run goes on. It is
// what rooms hand up; the report has it as a Concern, and as a Message where the kind's
// category says so. A Problem is of a run that has not begun.
type Warning struct {
	ID      ConcernID
	Message string
	Remedy  string
}
