package boot

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sync/atomic"
)

// agentPort is the channel of QEMU's guest agent.
const agentPort = "org.qemu.guest_agent.0"

// agent is QEMU's guest agent in the guest, if there is one.
type agent struct {
	news     notice
	answered atomic.Bool
}

// syncID is the number that the agent is asked to say.
const syncID = 1817

// follow asks the agent for a word and waits for that. The question lies in its
// channel until somebody opens it.
func (a *agent) follow(channel io.ReadWriter) error {
	if _, err := fmt.Fprintf(channel, "{\"execute\":\"guest-sync\",\"arguments\":{\"id\":%d}}\n", syncID); err != nil {
		return err
	}
	lines := bufio.NewScanner(channel)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var said struct {
			Return int `json:"return"`
		}
		if json.Unmarshal(lines.Bytes(), &said) == nil && said.Return == syncID {
			a.answered.Store(true)
			a.news.tell()
		}
	}
	return lines.Err()
}
