package report

// Foreseen is what is known of a migration before it runs.
type Foreseen struct {
	// Problems would fail it.
	Problems []Problem `json:"problems,omitempty"`
	// Guest says in words which system is to be migrated; "" where none was found
	// or none was looked for.
	Guest string `json:"guest,omitempty"`
	// Unread says why the guest was not looked into; "" where it was, or where no
	// stage looks into it.
	Unread string `json:"unread,omitempty"`
	// Concerns are what the source and the guest give cause for, what weighs most
	// first, and Omitted how many more there are besides information.
	Concerns []Concern `json:"concerns,omitempty"`
	Omitted  int       `json:"omitted,omitempty"`
	// Replaced are the files that it would replace, because it is told to overwrite.
	Replaced []string `json:"replaced,omitempty"`
}
