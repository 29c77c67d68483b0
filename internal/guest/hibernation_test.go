package guest

import "testing"

func TestIsSuspendMark(t *testing.T) {
	t.Parallel()
	for mark, want := range map[string]bool{"S1SUSPEND": true, "ULSUSPEND": true, "SWAPSPACE": false, "": false} {
		if IsSuspendMark([]byte(mark)) != want {
			t.Errorf("%q: %t", mark, !want)
		}
	}
}
