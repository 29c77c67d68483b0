package source

// refusal is an error that says what to do about it.
type refusal struct {
	message, remedy string
}

func (r *refusal) Error() string { return r.message }

// Remedy says what the person who gave the source can do.
func (r *refusal) Remedy() string { return r.remedy }

func refuse(message, remedy string) error { return &refusal{message, remedy} }

// damaged is the refusal of a file whose structures contradict each other.
func damaged(name, what string) error {
	return refuse(name+" is damaged or incomplete: "+what, "copy or export it again from where it came from")
}
