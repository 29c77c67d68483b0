package inject

import (
	"errors"
	"fmt"
	"path"
)

// checkKeyfile refuses a file that NetworkManager would not load
// (nm-settings-keyfile(5)).
func checkKeyfile(file File) error {
	ini, bad := parseINI(file.Content)
	switch {
	case len(bad) > 0:
		return fmt.Errorf("line %d is neither [section] nor key=value", bad[0])
	case !ini.has("connection"):
		return errors.New("there is no [connection] section, without which the file has no effect")
	case ini.value("connection", "type") == "":
		return errors.New("the [connection] section has no type, such as type=ethernet")
	}
	return nil
}

// planNetworkManager stages connection profiles. NetworkManager ignores those
// that others could read.
func (p *plan) planNetworkManager(files []File, managers []manager) {
	for _, file := range files {
		name := path.Join("/etc/NetworkManager/system-connections", file.Filename)
		p.writeHidden(name, withNewline(file.Content), 0o600, root, "NetworkManager file; its content may hold keys and is not shown")
		ini, _ := parseINI(file.Content)
		var interfaces []string
		if name := ini.value("connection", "interface-name"); name != "" {
			interfaces = []string{name}
		}
		p.startManager("NetworkManager.service", interfaces, managers)
	}
}
