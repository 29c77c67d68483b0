package boot

// notice says that there is something new to look at.
type notice chan struct{}

func newNotice() notice { return make(notice, 1) }

func (n notice) tell() {
	select {
	case n <- struct{}{}:
	default: // there is a notice already
	}
}
