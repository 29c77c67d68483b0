package boot

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"sync"
	"time"
)

// agentPort is the channel of QEMU's guest agent.
const agentPort = "org.qemu.guest_agent.0"

// agent is QEMU's guest agent in the guest, if there is one.
type agent struct {
	news notice

	mu       sync.Mutex
	answered bool
	release  string // as it calls its own, empty where it has not
}

// syncID is the number that the agent is asked to say.
const syncID = 1817

// agentQuestions ask it for the number, and what it is (QEMU Guest Agent Protocol
// Reference, guest-sync and guest-info).
var agentQuestions = fmt.Sprintf("{\"execute\":\"guest-sync\",\"arguments\":{\"id\":%d}}\n{\"execute\":\"guest-info\"}\n", syncID)

// agentRelease is the form of a release of QEMU, such as "7.2.17" or "10.0.2".
var agentRelease = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+~_-]{0,39}$`)

// maxLine is how long one line of what a program in the guest says may be, in bytes.
const maxLine = 1 << 20

// follow asks the agent who it is and waits for its answers. The questions lie in
// its channel until somebody opens it.
func (a *agent) follow(channel io.ReadWriter) error {
	if _, err := io.WriteString(channel, agentQuestions); err != nil {
		return err
	}
	lines := bufio.NewScanner(channel)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		a.take(lines.Bytes())
	}
	return lines.Err()
}

// take takes one answer. Whatever else is said counts for nothing.
func (a *agent) take(line []byte) {
	var number struct {
		Return int `json:"return"`
	}
	var info struct {
		Return struct {
			Version string `json:"version"`
		} `json:"return"`
	}
	a.mu.Lock()
	switch {
	case json.Unmarshal(line, &number) == nil:
		a.answered = a.answered || number.Return == syncID
	case json.Unmarshal(line, &info) == nil && a.answered && agentRelease.MatchString(info.Return.Version):
		a.release = info.Return.Version
	}
	a.mu.Unlock()
	a.news.tell()
}

// said says whether the agent answers, and which release of QEMU's it is if it has
// told that.
func (a *agent) said() (answered bool, release string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.answered, a.release
}

// agentPatience is how much longer than all else the agent of a guest that has one
// is waited for: it is one of the services that are started. At the least: half as
// long as the guest took until then where that is more.
const agentPatience = 15 * time.Second

// waitsForAgent says that a guest that is up is given more time for its agent.
func (w *watch) waitsForAgent(judged judgement, late bool) bool {
	return w.Agent && !w.outcome.AgentAnswers && !late && judged.verdict == Booted && w.isPatient(&w.ready, agentPatience)
}

// noteAgent keeps what the agent has said.
func (w *watch) noteAgent() {
	answered, release := w.agent.said()
	w.outcome.AgentAnswers = answered
	if answered {
		w.remember("agent", "it answers")
	}
	if release != "" {
		w.remember("agent", "it is of QEMU "+release)
	}
}
