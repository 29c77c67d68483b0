package boot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// keyTime is how long a key is held, and then released before the next. A guest
// under emulation takes its keys slowly, and the keyboard remembers sixteen codes.
const keyTime = 30 * time.Millisecond

// errNotTyped tells nothing of which key was refused: it is a secret's.
var errNotTyped = errors.New("QEMU has not taken a key")

// key is a key of the emulated keyboard by QEMU's name, with Shift or without.
type key struct {
	name  string
	shift bool
}

// namedKeys are the keys of a US keyboard that have no letter or digit, with what
// they type alone and with Shift.
var namedKeys = map[string]string{
	"grave_accent": "`~", "minus": "-_", "equal": "=+", "bracket_left": "[{", "bracket_right": "]}", "backslash": `\|`,
	"semicolon": ";:", "apostrophe": `'"`, "comma": ",<", "dot": ".>", "slash": "/?", "spc": " ",
	"1": "1!", "2": "2@", "3": "3#", "4": "4$", "5": "5%", "6": "6^", "7": "7&", "8": "8*", "9": "9(", "0": "0)",
}

// keysOf returns the keys of a US keyboard that type the text, or says that there
// are none for it.
func keysOf(text string) ([]key, bool) {
	var keys []key
	for _, c := range text {
		switch {
		case c >= 'a' && c <= 'z':
			keys = append(keys, key{name: string(c)})
		case c >= 'A' && c <= 'Z':
			keys = append(keys, key{name: strings.ToLower(string(c)), shift: true})
		default:
			found, ok := namedKey(c)
			if !ok {
				return nil, false
			}
			keys = append(keys, found)
		}
	}
	return keys, true
}

func namedKey(c rune) (key, bool) {
	for name, types := range namedKeys {
		if at := strings.IndexRune(types, c); at >= 0 {
			return key{name: name, shift: at > 0}, true
		}
	}
	return key{}, false
}

// typeKeys presses one key after the other on the emulated keyboard, and Enter.
func (r *Running) typeKeys(ctx context.Context, keys []key) error {
	for _, k := range append(keys[:len(keys):len(keys)], key{name: "ret"}) {
		pressed := []map[string]string{{"type": "qcode", "data": k.name}}
		if k.shift {
			pressed = append([]map[string]string{{"type": "qcode", "data": "shift"}}, pressed...)
		}
		arguments := map[string]any{"keys": pressed, "hold-time": keyTime.Milliseconds()}
		if err := r.monitor.Execute(ctx, "send-key", arguments, nil); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			select {
			case <-r.monitor.Ended(): // as the guest has, which is no failure of typing
				return nil
			default:
				return fmt.Errorf("typing on the guest's keyboard: %w", errNotTyped)
			}
		}
		released := time.NewTimer(2 * keyTime)
		select {
		case <-released.C:
		case <-r.ended:
			released.Stop()
			return nil
		case <-ctx.Done():
			released.Stop()
			return ctx.Err()
		}
	}
	return nil
}
