package appliance

// lack is something that this host would need to run the appliance.
type lack struct{ what, remedy string }

// Error implements error.
func (l *lack) Error() string { return l.what }

// Remedy says which package brings it, or what else can be done.
func (l *lack) Remedy() string { return l.remedy }
