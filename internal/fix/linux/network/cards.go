package network

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
)

// networkFile is one file of a netconf.Format.
type networkFile struct {
	path, text string
	format     netconf.Format
	found      netconf.Found
	cards      []netconf.Card // those of found that evidence calls cards
}

// persistentRules tells the files that udev wrote by itself.
func (f networkFile) persistentRules() bool {
	return strings.HasPrefix(f.path, "/etc/udev/rules.d/") && strings.Contains(path.Base(f.path), "persistent-net")
}

// leftOver finds copies that administrators and package managers leave beside
// configuration.
var leftOver = regexp.MustCompile(`(~|\.(bak|orig|old|save|rpmnew|rpmorig|rpmsave|dpkg-[a-z]+|disabled))$`)

// ownMark is in the names of files that this package writes.
const ownMark = "-hyper2kvm-"

func networkFiles(e *edit.Reader) ([]networkFile, error) {
	r := fileReader{edit: e, seen: map[string]bool{}}
	for _, format := range netconf.Formats {
		for _, directory := range format.Directories {
			if err := r.readAll(directory, format.Pattern, format); err != nil {
				return nil, err
			}
		}
	}
	return addDropIns(e, r.files)
}

type fileReader struct {
	edit  *edit.Reader
	files []networkFile
	seen  map[string]bool
}

func (r *fileReader) readAll(directory, pattern string, format netconf.Format) error {
	paths, err := r.edit.List(directory, pattern)
	if err != nil {
		return err
	}
	for _, name := range paths {
		base := path.Base(name)
		if r.seen[name] || leftOver.MatchString(base) || strings.Contains(base, ownMark) {
			continue
		}
		r.seen[name] = true
		text, ok, err := r.edit.Read(name)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		f := networkFile{path: name, text: text, format: format, found: format.Read(base, text)}
		r.files = append(r.files, f)
		for _, source := range f.found.Sources {
			if !path.IsAbs(source) {
				source = path.Join(directory, source)
			}
			if err := r.readAll(path.Dir(source), path.Base(source), format); err != nil {
				return err
			}
		}
	}
	return nil
}

var (
	interfaceName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,14}$`)
	virtualName   = regexp.MustCompile(`^(lo|bond[0-9]*|team[0-9]*|br[0-9]*|br-.*|virbr.*|vmbr.*|docker.*|veth.*|vnet[0-9]+|tun[0-9]*|tap[0-9]*|wg[0-9]*|vlan[0-9]*|vxlan[0-9]*|dummy[0-9]*|ppp[0-9]*|sit[0-9]*|gre[0-9]*|wl.*|ww.*|ib[0-9]+)$`)
)

// evidence is what all files together say of names.
type evidence struct {
	virtual map[string]bool // something makes it
	told    map[string]bool // something lies on it, or its address is known
	pinned  map[string]bool // udev gives the name to a hardware address
}

// judge gives each file those of its cards that are cards. A name that
// something else lies on, that udev gives to an address or that a client has a
// lease for is a card's; so is one that a file for network cards declares.
// What a file makes, or what another one calls a bridge or a tunnel, is not. A
// name that nothing speaks for counts only where there is no other.
func judge(files []networkFile, mentioned []string) {
	ev := evidence{virtual: map[string]bool{}, told: map[string]bool{}, pinned: map[string]bool{}}
	for _, name := range mentioned {
		ev.told[name] = true
	}
	for _, f := range files {
		for _, name := range f.found.Virtual {
			ev.virtual[name] = true
		}
		for _, name := range f.found.Ports {
			ev.told[name] = true
		}
		for _, c := range f.found.Cards {
			if c.Name != "" && c.MAC != "" {
				ev.told[c.Name] = true
				if c.Idle && f.format.Unpin == nil {
					ev.pinned[c.Name] = true
				}
			}
		}
	}
	certain := false
	for i := range files {
		files[i].cards = nil
		for _, c := range files[i].found.Cards {
			if ev.isCard(c) {
				certain = true
				c.Doubtful = false
				files[i].cards = append(files[i].cards, c)
			}
		}
	}
	if certain || len(ev.ports(files)) > 0 {
		return
	}
	for i := range files {
		for _, c := range files[i].found.Cards {
			if c.Doubtful && !ev.virtual[c.Name] && isPossibleCard(c.Name) {
				files[i].cards = append(files[i].cards, c)
			}
		}
	}
}

func (ev evidence) isCard(c netconf.Card) bool {
	switch {
	case c.Name == "":
		return true
	case !interfaceName.MatchString(c.Name):
		return false
	case ev.pinned[c.Name]:
		return true
	case ev.virtual[c.Name]:
		return false
	}
	return ev.told[c.Name] || !c.Doubtful && !virtualName.MatchString(c.Name)
}

// ports are the names that files call ports and that no file makes.
func (ev evidence) ports(files []networkFile) []netconf.Card {
	var cards []netconf.Card
	for _, f := range files {
		for _, name := range f.found.Ports {
			c := netconf.Card{Name: name}
			if isPossibleCard(name) && !ev.virtual[name] && !slices.Contains(cards, c) {
				cards = append(cards, c)
			}
		}
	}
	return cards
}

// isPossibleCard leaves out the names that virtual devices and radios have.
func isPossibleCard(name string) bool {
	return interfaceName.MatchString(name) && !virtualName.MatchString(name)
}

// mergeCards joins what the files say: a card is one name. Addresses without a
// name are cards of their own when no named card has them. several says that the
// old machine had more than one.
func mergeCards(files []networkFile, several bool) []netconf.Card {
	var named, nameless []netconf.Card
	add := func(c netconf.Card) {
		i := slices.IndexFunc(named, func(n netconf.Card) bool { return n.Name == c.Name })
		if i < 0 {
			named = append(named, c)
			return
		}
		if named[i].MAC == "" {
			named[i].MAC = c.MAC
		}
		named[i].Idle = named[i].Idle && c.Idle
	}
	virtual := map[string]bool{}
	for _, f := range files {
		for _, name := range f.found.Virtual {
			virtual[name] = true
		}
		for _, c := range f.cards {
			if c.Name == "" {
				if !slices.Contains(nameless, c) {
					nameless = append(nameless, c)
				}
				continue
			}
			add(c)
		}
	}
	for _, c := range (evidence{virtual: virtual}).ports(files) {
		add(c)
	}
	nameless = slices.DeleteFunc(nameless, func(c netconf.Card) bool {
		return c.MAC != "" && slices.ContainsFunc(named, func(n netconf.Card) bool { return n.MAC == c.MAC })
	})
	if !several && len(named) == 1 && named[0].MAC == "" && len(nameless) == 1 {
		// There is no other card that the address could belong to.
		named[0].MAC = nameless[0].MAC
		return named
	}
	for _, c := range nameless {
		if !slices.Contains(named, c) {
			named = append(named, c)
		}
	}
	return named
}
