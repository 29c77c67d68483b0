package netconf

// Card is a network card as one configuration file knows it.
type Card struct {
	Name string // "ens192", or "" where only the hardware address is told
	MAC  string // lower case, or ""
	// Idle is set for cards that the guest does not bring up by itself.
	Idle bool
}
