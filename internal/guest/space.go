package guest

// Space is the room left in a file system.
type Space struct {
	Free   int64 // bytes that anybody may write
	Inodes int64 // files that can be made; -1 where there is no limit
}
