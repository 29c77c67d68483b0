package source

import "io/fs"

// refusal is an error that says what to do about it.
type refusal struct {
	message, remedy string
	cause           error
}

func (r *refusal) Error() string { return r.message }

func (r *refusal) Unwrap() error { return r.cause }

// Remedy says what the person who gave the source can do.
func (r *refusal) Remedy() string { return r.remedy }

func refuse(message, remedy string) error { return &refusal{message: message, remedy: remedy} }

// missing is the refusal of an image that needs a file which is not there. It
// satisfies fs.ErrNotExist.
func missing(name, file, directory string) error {
	return &refusal{
		message: name + " needs " + file + ", which is missing in " + directory,
		remedy:  "copy all files of the disk, with every snapshot and parent, into one directory, or consolidate its snapshots before it is copied",
		cause:   fs.ErrNotExist,
	}
}

// damaged is the refusal of a file whose structures contradict each other.
func damaged(name, what string) error {
	return refuse(name+" is damaged or incomplete: "+what, "copy or export it again from where it came from")
}
