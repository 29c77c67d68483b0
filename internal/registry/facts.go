package registry

import (
	"fmt"
	"strconv"
	"strings"
)

// System is what the hive SYSTEM tells.
type System struct {
	// ControlSet is the key that Windows starts with: "ControlSet001".
	ControlSet string
	Hostname   string
	// ClockUTC says that the hardware's clock has UTC, and not local time.
	ClockUTC bool
	// Arch is the processor that Windows runs on, "x86_64", or "" where that is not said.
	Arch string
	// DriverDatabase says that drivers for devices are found in the key of that
	// name, from Windows 8 on, and not among the critical devices.
	DriverDatabase bool
	// FastStartup says that Windows is allowed to hibernate its kernel where it is
	// shut down. It may never have done so.
	FastStartup bool
}

// ReadSystem reads what the hive SYSTEM tells.
func ReadSystem(r Reader) (System, error) {
	set, err := nextControlSet(r)
	if err != nil {
		return System{}, err
	}
	s := System{ControlSet: set}
	if s.Hostname, err = textOf(r, s.ControlSet+`\Services\Tcpip\Parameters`, "Hostname"); err != nil {
		return System{}, err
	}
	processor, err := textOf(r, s.ControlSet+`\Control\Session Manager\Environment`, "PROCESSOR_ARCHITECTURE")
	if err != nil {
		return System{}, err
	}
	s.Arch = processors[strings.ToUpper(processor)]
	for _, flag := range []struct {
		path, name string
		set        *bool
	}{
		{s.ControlSet + `\Control\TimeZoneInformation`, "RealTimeIsUniversal", &s.ClockUTC},
		{s.ControlSet + `\Control\Session Manager\Power`, "HiberbootEnabled", &s.FastStartup},
	} {
		found, err := number(r, flag.path, flag.name)
		if err != nil {
			return System{}, err
		}
		*flag.set = found == 1
	}
	s.DriverDatabase, err = Has(r, "DriverDatabase")
	return s, err
}

// processors are the names that guests' processors have here, by Windows' own.
var processors = map[string]string{"X86": "i386", "AMD64": "x86_64", "ARM64": "aarch64", "IA64": "ia64"}

// nextControlSet is the key that the boot loader takes at the next start. It reads
// Default; Current is what the last start took, and is asked only where there is no
// Default.
func nextControlSet(r Reader) (string, error) {
	for _, name := range []string{"Default", "Current"} {
		n, err := number(r, "Select", name)
		if err != nil {
			return "", err
		}
		if n == 0 || n > 999 {
			continue
		}
		set := fmt.Sprintf("ControlSet%03d", n)
		has, err := Has(r, set)
		if err == nil && !has {
			err = damaged("Windows starts with %s, which is not there", set)
		}
		return set, err
	}
	return "", damaged("it does not say which control set Windows starts with")
}

// Service is a service or a driver of Windows.
type Service struct {
	Name string
	// Type and Start are numbers as in winsvc.h: a driver of the kernel has type
	// 1, what is started by the boot loader has 0, what is disabled 4.
	Type, Start uint64
	ImagePath   string
}

// Services are the services of a control set.
func Services(r Reader, controlSet string) ([]Service, error) {
	names, err := r.Keys(controlSet + `\Services`)
	if err != nil {
		return nil, err
	}
	var services []Service
	for _, name := range names {
		values, err := r.Values(controlSet + `\Services\` + name)
		if err != nil {
			return nil, err
		}
		service := Service{Name: name}
		known := false
		for _, value := range values {
			switch strings.ToLower(value.Name) {
			case "type":
				service.Type, known = value.Number()
			case "start":
				service.Start, _ = value.Number()
			case "imagepath":
				service.ImagePath = value.Text()
			}
		}
		if known { // others are left-over keys
			services = append(services, service)
		}
	}
	return services, nil
}

// Software is what the hive SOFTWARE tells.
type Software struct {
	// Product is the name for people: "Windows Server 2019 Standard".
	Product string
	// Variant is "Client", "Server" and others, "" before Windows Vista.
	Variant             string
	Major, Minor, Build int
	// Generalized says that sysprep made an image for many machines of it, which sets
	// itself up at its next start.
	Generalized bool
}

// The first builds of versions that have the number 10.0. Windows 11 calls itself
// Windows 10 where its product is named, and not every server names its year.
const (
	firstServer2019 = 17763
	firstServer2022 = 20348
	firstServer2025 = 26100
	firstWindows11  = 22000
)

// ServerYear is the year that a server with the number 10.0 is called by, as short as 16.
// Between releases, such as those of twice a year, it is that of the older one.
func (s Software) ServerYear() int {
	switch {
	case s.Build >= firstServer2025:
		return 25
	case s.Build >= firstServer2022:
		return 22
	case s.Build >= firstServer2019:
		return 19
	}
	return 16
}

// Is11 says that a client with the number 10.0 is a Windows 11.
func (s Software) Is11() bool { return s.Build >= firstWindows11 }

// ReadSoftware reads what the hive SOFTWARE tells. What it does not tell is empty
// or 0.
func ReadSoftware(r Reader) (Software, error) {
	values, err := r.Values(`Microsoft\Windows NT\CurrentVersion`)
	if err != nil {
		return Software{}, err
	}
	var s Software
	text := map[string]string{}
	numbers := map[string]int{}
	for _, value := range values {
		name := strings.ToLower(value.Name)
		text[name] = value.Text()
		if n, ok := value.Number(); ok && n < 1<<16 {
			numbers[name] = int(n)
		}
	}
	s.Product, s.Variant = text["productname"], text["installationtype"]
	s.Build, _ = strconv.Atoi(text["currentbuildnumber"])
	if s.Build == 0 {
		s.Build, _ = strconv.Atoi(text["currentbuild"])
	}
	// From Windows 10 on the text stays that of Windows 8.1.
	if s.Major, s.Minor = numbers["currentmajorversionnumber"], numbers["currentminorversionnumber"]; s.Major == 0 {
		major, minor, _ := strings.Cut(text["currentversion"], ".")
		s.Major, _ = strconv.Atoi(major)
		s.Minor, _ = strconv.Atoi(minor)
	}
	if s.Is11() && !s.Server() {
		s.Product = strings.Replace(s.Product, "Windows 10", "Windows 11", 1)
	}
	state, err := textOf(r, `Microsoft\Windows\CurrentVersion\Setup\State`, "ImageState")
	s.Generalized = strings.HasPrefix(state, "IMAGE_STATE_GENERALIZE_")
	return s, err
}

// Server says that the system is a Windows Server.
func (s Software) Server() bool {
	return strings.Contains(s.Variant, "Server") || strings.Contains(s.Product, "Server")
}

// Version is the number of the version, with the build where that is known:
// "10.0.19045".
func (s Software) Version() string {
	version := fmt.Sprintf("%d.%d", s.Major, s.Minor)
	if s.Build > 0 {
		version += "." + strconv.Itoa(s.Build)
	}
	return version
}

// Has says that there is a key.
func Has(r Reader, path string) (bool, error) {
	parent, name := split(path)
	keys, err := r.Keys(parent)
	if IsMissing(err) {
		return false, nil
	}
	for _, key := range keys {
		if strings.EqualFold(key, name) {
			return true, nil
		}
	}
	return false, err
}

// number is that of a value, or 0 where there is none.
func number(r Reader, path, name string) (uint64, error) {
	value, _, err := Get(r, path, name)
	n, _ := value.Number()
	return n, err
}

// textOf is that of a value, or "" where there is none.
func textOf(r Reader, path, name string) (string, error) {
	value, _, err := Get(r, path, name)
	return value.Text(), err
}
