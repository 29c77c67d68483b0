package guest

// Files are what is read of a file system to tell which system lies on it.
type Files interface {
	ReadFile(path string) ([]byte, error)
	Stat(path string) (FileInfo, error)
	Lstat(path string) (FileInfo, error)
	Readlink(path string) (string, error)
}

// Role is what a file system is for.
type Role int

// The roles. RoleOther is that of a system, or of a part of one, that is not known
// here.
const (
	RoleNone Role = iota
	RoleLinux
	RoleWindows
	RoleOther
)

// RoleOf tells by libguestfs' signs what lies on a file system.
func RoleOf(on Files) Role { return signs{on}.role() }

// SmallFile is a file that is read whole, or "" where there is none.
func SmallFile(on Files, name string) string {
	const most = 2 << 20 // bytes, as in libguestfs
	if info, err := on.Stat(name); err != nil || info.Size > most {
		return ""
	}
	data, err := on.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(data)
}

// signs are files by which systems are known.
type signs struct{ Files }

func (f signs) role() Role {
	isRoot := f.isDir("/etc") && f.isDir("/bin")
	switch {
	case f.isFile("/grub/menu.lst"), f.isFile("/grub/grub.conf"), f.isFile("/grub2/grub.cfg"):
		return RoleNone // a /boot
	case isRoot && f.isFile("/etc/freebsd-update.conf"), isRoot && f.isFile("/netbsd"), isRoot && f.isFile("/bsd"),
		isRoot && f.isFile("/service/vm"), f.isFile("/hurd/console"), f.isFile("/etc/coreos/update.conf"), f.isDir("/share/coreos"):
		return RoleOther
	case f.isDir("/etc") && (f.isDir("/bin") || f.linksTo("/bin", "usr/bin")) && (f.isFile("/etc/fstab") || f.isFile("/etc/hosts")):
		return RoleLinux
	case f.isFile("/boot.ini"):
		return RoleOther // which says where Windows lies
	case WindowsRoot(f) != "":
		return RoleWindows
	case f.isDir("/windows/system32"), f.isDir("/winnt/system32"):
		return RoleOther // or a part of one
	case f.isDir("/ostree/repo"), f.isDir("/FDOS"), f.isFile("/DOS/COMMAND.COM"), f.isFile("/IO.SYS"):
		return RoleOther
	}
	return RoleNone
}

func (f signs) linksTo(name, target string) bool {
	found, err := f.Readlink(name)
	return err == nil && found == target
}

// WindowsRoot is the directory of the Windows on a file system, or "".
func WindowsRoot(on Files) string {
	f := signs{on}
	for _, root := range WindowsRoots {
		if f.isDir(root+"/system32/config") && f.isFile(root+"/system32/cmd.exe") {
			return root
		}
	}
	return ""
}

func (f signs) isDir(name string) bool {
	info, err := f.Lstat(name)
	return err == nil && info.Mode.IsDir()
}

func (f signs) isFile(name string) bool {
	info, err := f.Lstat(name)
	return err == nil && info.Mode.IsRegular()
}

// isFileBehind says the same, symbolic links followed.
func (f signs) isFileBehind(name string) bool {
	info, err := f.Stat(name)
	return err == nil && info.Mode.IsRegular()
}

func (f signs) smallFile(name string) string { return SmallFile(f, name) }
