package manifest

import (
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
)

// maxKey bounds a key in bytes, as cryptsetup does (8 MiB) but tighter:
// whatever is larger is not a key but the wrong file.
const maxKey = 64 << 10

// encryptedDevice matches what a guest may call a device.
var encryptedDevice = regexp.MustCompile(`^(all|/dev/.+|(UUID|LABEL|PARTUUID|PARTLABEL)=.+)?$`)

func (k LUKSKey) check(c *collector, at string) {
	if !encryptedDevice.MatchString(k.Device) || hasControl(k.Device) {
		c.add(at+".device", "%q is not a device as a guest names one: use \"UUID=...\", a path such as \"/dev/sda5\", or \"all\"", k.Device)
	}
	switch {
	case k.Key == "" && k.KeyFile == "":
		c.add(at, "has no key: give key (the passphrase) or key_file (a file that holds it)")
	case k.Key != "" && k.KeyFile != "":
		c.add(at, "has both key and key_file: give one of the two")
	case k.KeyFile != "":
		checkPath(c, at+".key_file", k.KeyFile)
	case strings.ContainsRune(k.Key, 0):
		c.add(at+".key", "holds a NUL character, which no passphrase has")
	case len(k.Key) > maxKey:
		c.add(at+".key", "is longer than %d bytes", maxKey)
	}
}

// checkHost checks the key's file. The message never shows what is in it.
func (k LUKSKey) checkHost(c *collector, at string) {
	if k.KeyFile == "" {
		return
	}
	if _, err := k.Passphrases(); err != nil {
		c.add(at+".key_file", "%v", err)
	}
}

// KeyFilePath is key_file as an absolute path, or "" where there is none.
func (k LUKSKey) KeyFilePath() string {
	if k.KeyFile == "" {
		return ""
	}
	return absolute(k.KeyFile)
}

// Passphrases lists what the key may be, the most likely first: a file that
// ends with a line break is a passphrase that an editor wrote or, rarely, bytes
// of which the line break is one. Nothing of a file is in the error.
func (k LUKSKey) Passphrases() ([]string, error) {
	if k.KeyFile == "" {
		return []string{k.Key}, nil
	}
	file, err := os.Open(k.KeyFilePath())
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New(file.Name() + " is not a file")
	}
	data, err := io.ReadAll(io.LimitReader(file, maxKey+1))
	switch text := string(data); {
	case err != nil:
		return nil, err
	case len(data) > maxKey:
		return nil, errors.New(file.Name() + " is too large to be a key")
	case strings.Trim(text, "\r\n") == "":
		return nil, errors.New(file.Name() + " is empty")
	case strings.ContainsRune(text, 0):
		return nil, errors.New(file.Name() + " holds NUL bytes, which cannot be given to the appliance: add a passphrase to the device (cryptsetup luksAddKey)")
	default:
		passphrase := strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		if passphrase == text {
			return []string{text}, nil
		}
		return []string{passphrase, text}, nil
	}
}
