package boot

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Verdict is what became of a boot.
type Verdict string

// The verdicts. Undecided is a guest of which nothing says that it is up, and
// nothing that it never will be.
const (
	Booted    Verdict = "booted"
	Dead      Verdict = "dead"
	Undecided Verdict = "undecided"
)

// maxResets is how often a guest may restart by itself: after shim has written
// the firmware's boot entries, after SELinux has labelled its files, and once
// more for what else a first boot does.
const maxResets = 3

// observed is what can be told of a guest from outside.
type observed struct {
	// console is what it has printed since it was last answered, and screen what
	// can be read of its screen. shows is the state that this is, told what the screen
	// has said, perhaps before. blank says that it shows nothing.
	console, screen, told string
	shows                 State
	blank                 bool
	// answers says that a passphrase is typed when the guest asks for one, untypeable
	// that it has asked on the screen and no keyboard has the characters.
	answers, untypeable bool
	agent               bool
	speakers            []Speaker
	facts               *Facts // what its probe said
	happenings
	// ended says that QEMU is gone, waited how long it ran, and over that this
	// was all the time there is.
	ended, over bool
	waited      time.Duration
}

// judgement is a verdict, if there is one, with the state that it stands on and
// the reason for any but a good one.
type judgement struct {
	verdict Verdict
	state   State
	reason  string
}

// sentences say what the states are that no guest stays in that is well.
var sentences = map[State]string{
	StateInitramfsShell: "its initramfs gave up and opened a shell",
	StateEmergency:      "systemd went into emergency mode",
	StatePanic:          "its kernel panicked",
	StateTimer:          "the host was too slow to emulate its timer",
	StateGRUB:           "GRUB stopped at its prompt",
	StateLoader:         "its boot loader gave up",
	StateNoBootDevice:   "the firmware found nothing to start",
	StateDeviceWait:     "its initramfs waits for a root device that does not come",
	StatePassphrase:     "it asks for the passphrase of a disk",
	StateExited:         "it switched itself off before it was up",
	StateResets:         "it resets again and again",
	StateSilent:         "nothing was heard or seen of its system",
	StateStopped:        "the host could not read or write its disk",
	StateStarting:       "its systemd has not started all in time",
	StateNothing:        "neither a login prompt nor a failure was seen",
}

// Sentence says of the guest what it has come to, or is empty where it is well.
func (s State) Sentence() string { return sentences[s] }

// judge says what the guest has come to, or nothing yet.
func judge(o observed) judgement {
	state, seenOn := Classify(o.console), o.console
	if state == StateNothing && o.shows != "" && o.shows != StateNothing {
		state, seenOn = o.shows, o.told
	}
	var said judgement
	if o.facts != nil {
		said = judgeFacts(*o.facts)
	}
	switch {
	case state == StateLogin:
		return judgement{verdict: Booted, state: state}
	case said.verdict == Booted && state != StatePanic:
		return said
	case said.verdict == Dead && (state == StateNothing || state == StateEmergency):
		return judgement{Dead, StateEmergency, cmp.Or(Reason(seenOn), said.reason)}
	case state == StateNothing && o.agent:
		return judgement{verdict: Booted, state: StateAgent}
	case o.failing != "":
		return judgement{Undecided, StateStopped, sentences[StateStopped] + ": " + o.failing}
	case state == StateTimer:
		return judgement{Undecided, state, cmp.Or(Reason(seenOn), sentences[state])}
	case state == StatePassphrase && o.untypeable:
		return judgement{Undecided, state, sentences[state] + " on its screen, and the one there is has characters that a US keyboard has not"}
	case state == StatePassphrase && o.answers && !o.over:
		return judgement{}
	case state == StatePassphrase:
		return judgement{Undecided, state, cmp.Or(Reason(seenOn), sentences[state])}
	case state != StateNothing:
		return judgement{Dead, state, cmp.Or(Reason(seenOn), sentences[state])}
	case o.resets > maxResets:
		return judgement{Dead, StateResets, fmt.Sprintf("it has reset %d times", o.resets)}
	case len(loaderStart.FindAllStringIndex(o.console, maxStarts+1)) > maxStarts:
		return judgement{Dead, StateResets, fmt.Sprintf("its firmware has started a boot loader %d times", maxStarts+1)}
	case o.off || o.ended:
		return judgement{Dead, StateExited, cmp.Or(Reason(seenOn), sentences[StateExited])}
	case !o.over:
		return judgement{}
	case loaderFailed(o.console) != "":
		return judgement{Dead, StateGRUB, loaderFailed(o.console)}
	case loaderFailed(o.screen) != "":
		return judgement{Dead, StateGRUB, loaderFailed(o.screen)}
	case len(o.speakers) == 0 && isSilent(o.console) && (o.blank || o.screen != "" && isSilent(o.screen)):
		return judgement{Dead, StateSilent, fmt.Sprintf("%s within %s", sentences[StateSilent], o.waited.Round(time.Second))}
	case o.facts != nil:
		return judgement{Undecided, StateStarting, unfinished(*o.facts)}
	default:
		return judgement{Undecided, StateNothing, fmt.Sprintf("%s within %s", sentences[StateNothing], o.waited.Round(time.Second))}
	}
}

// maxStarts is how often firmware may start a boot loader, on each of its disks
// and after each reset: more is one that comes back again and again.
const maxStarts = 16

// loaderStart is where firmware hands over.
var loaderStart = regexp.MustCompile(`(?m)^(?:Booting from |BdsDxe: starting Boot)`)

// firmwareLine is what firmware and boot loaders print before a kernel runs. Of a
// screen, what cannot be read is a picture beside the text that can.
var firmwareLine = regexp.MustCompile(`^(?:SeaBIOS|iPXE|Booting|Boot failed|BdsDxe: (?:loading|starting|failed)|>>|GRUB|Welcome to GRUB|Loading |EFI stub:|Press .* for|` +
	`UEFI firmware|\.+$|[? ]*$)`)

// isSilent says that a text has nothing of a system that was started.
func isSilent(text string) bool {
	for line := range strings.Lines(text) {
		if !firmwareLine.MatchString(strings.TrimSpace(line)) {
			return false
		}
	}
	return true
}

var (
	loaderError = regexp.MustCompile(`(?m)^error: .*$`)
	kernelLine  = regexp.MustCompile(`(?m)^\[ *\d+\.\d{6}\]|Linux version `)
)

// loaderFailed is GRUB's error if nothing says that a kernel runs all the same.
// GRUB shows its menu again then, and may try the same for ever.
func loaderFailed(text string) string {
	if kernelLine.MatchString(text) {
		return ""
	}
	return strings.TrimSpace(loaderError.FindString(text))
}
