package guest

import "testing"

// TestFS is guesttest.TestFS, which the tests inside of this package cannot
// import.
var TestFS func(t *testing.T, files FS, directory string)
