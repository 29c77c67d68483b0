package inject

// Options are a manifest's configuration section, which must have passed the
// manifest's validation: what is wrong with a name, a hash or a file whatever
// the guest is like is refused there. The zero value asks for nothing.
type Options struct {
	Users    Users
	Services Services
	Hostname Hostname
	// ResetMachineID makes the guest generate a new machine-id(5) at its next
	// boot.
	ResetMachineID bool
	Network        Network
	// FirstBoot scripts run once, in this order, when the guest next boots.
	FirstBoot []Script
}

// Users are accounts to make or update, to lock, and to remove.
type Users struct {
	Create  []User
	Disable []string
	Delete  []string
}

// User is one account. An existing account of that name is updated: what is
// empty here stays as it is there, groups and keys are added.
type User struct {
	Name string
	UID  *int
	// GID is the primary group's; a group with the user's name is made if no
	// group has it.
	GID     *int
	Comment string
	Home    string
	// Password is a crypt(3) hash, and a secret. Without one a new account
	// cannot log in by password.
	Password string
	// Groups are supplementary groups.
	Groups            []string
	Shell             string
	SSHAuthorizedKeys []string
	// Sudo are rules of sudoers(5) without the user: "ALL=(ALL) NOPASSWD: ALL".
	Sudo []string
}

// Services are units or init scripts. A name without a suffix is a service.
type Services struct {
	Enable  []string
	Disable []string
	Mask    []string
}

// Hostname is the guest's name and its entries of hosts(5).
type Hostname struct {
	Hostname string
	Domain   string
	Hosts    []Host
}

// Host is one address and its names, separated by blanks, the canonical one
// first.
type Host struct {
	IP       string
	Hostname string
}

// Network holds files for the guest's network managers.
type Network struct {
	SystemdNetworkd []File
	Netplan         []File
	NetworkManager  []File
}

// File is a configuration file. Content may hold keys and is a secret.
type File struct {
	Filename string
	Content  string
}

// Script is a program text. Without a "#!" line it is for /bin/sh. Content may
// hold keys and is a secret.
type Script struct {
	Name    string
	Content string
}

// The attribute that an error is about is named as in the manifest.
const (
	attrCreate         = "configuration.users.create"
	attrDisable        = "configuration.users.disable"
	attrDelete         = "configuration.users.delete"
	attrEnable         = "configuration.services.enable"
	attrServiceDisable = "configuration.services.disable"
	attrMask           = "configuration.services.mask"
	attrHostname       = "configuration.hostname"
	attrFirstBoot      = "configuration.first_boot"
)
