package worker

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	// preflightTime bounds one answer; the child bounds itself by less.
	preflightTime = 10 * time.Second
	// preflightIdle is how long a child is kept that has nothing to do. The
	// resources of one plan follow each other faster.
	preflightIdle = 2 * time.Second
	// longestAnswer is what a child may say of one migration, in bytes.
	longestAnswer = 256 << 10
)

// Preflight asks a child process what would fail migrations. Sources may be
// hostile, so that this process never reads them; a plan may have hundreds, so
// that one child answers for all, one after the other. Its zero value but for
// the settings is ready, and it may be used by several goroutines.
type Preflight struct {
	// Executable is the engine; empty means the running binary.
	Executable string
	// Acceleration and WorkDirectory are those of Job.
	Acceleration  string
	WorkDirectory string

	// limit is preflightTime, if it is 0.
	limit time.Duration

	mutex sync.Mutex
	child *preflightChild
	idle  *time.Timer
}

// preflightChild is a process that is ready for a manifest.
type preflightChild struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	answers *bufio.Reader
}

// Check returns what is known of the migration if it ran now on this host, but for
// what the question says. The manifest's secrets stay here. An error means that this
// could not be found out, which fails no migration.
func (p *Preflight) Check(ctx context.Context, about manifest.Question) (report.Foreseen, error) {
	path, bare := about.Source.Path, about
	var err error
	if bare.Manifest, err = about.WithoutSecrets(); err != nil {
		return report.Foreseen{}, err
	}
	question, err := json.Marshal(bare)
	if err != nil {
		return report.Foreseen{}, err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if ctx.Err() != nil { // while others were asked about; the child is theirs
		return report.Foreseen{}, fmt.Errorf("checking %s: %w", path, context.Cause(ctx))
	}
	if p.idle != nil {
		p.idle.Stop()
	}
	if p.child == nil {
		if p.child, err = p.start(); err != nil {
			return report.Foreseen{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.limit, preflightTime))
	defer cancel()
	child := p.child
	stop := context.AfterFunc(ctx, func() { killGroup(child.cmd) })
	foreseen, err := child.ask(question)
	if !stop() || err != nil {
		killGroup(child.cmd)
		_ = child.cmd.Wait()
		p.child = nil
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return report.Foreseen{}, fmt.Errorf("checking %s: %w", path, err)
	}
	p.idle = time.AfterFunc(preflightIdle, p.Close)
	return foreseen, nil
}

// Close ends the child, if there is one. The next Check starts another.
func (p *Preflight) Close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.child == nil {
		return
	}
	_ = p.child.stdin.Close()
	killGroup(p.child.cmd)
	_ = p.child.cmd.Wait()
	p.child = nil
}

func (p *Preflight) start() (*preflightChild, error) {
	program, err := executable(p.Executable)
	if err != nil {
		return nil, err
	}
	args := append([]string{"--preflight"}, engineArguments(p.Acceleration, p.WorkDirectory)...)
	cmd := exec.Command(program, args...)
	cmd.Env = environment(os.Environ())
	if err := detach(cmd); err != nil {
		return nil, err
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the preflight process: %w", err)
	}
	return &preflightChild{cmd: cmd, stdin: stdin, answers: bufio.NewReaderSize(stdout, longestAnswer)}, nil
}

// ask waits for the answer to one manifest.
func (c *preflightChild) ask(question []byte) (foreseen report.Foreseen, err error) {
	if _, err := c.stdin.Write(append(question, '\n')); err != nil {
		return foreseen, err
	}
	// ReadSlice and not ReadBytes: the buffer bounds a child that has gone mad.
	line, err := c.answers.ReadSlice('\n')
	if errors.Is(err, io.EOF) {
		return foreseen, errors.New("the preflight process ended without an answer")
	}
	if err != nil {
		return foreseen, err
	}
	return foreseen, json.Unmarshal(line, &foreseen)
}
