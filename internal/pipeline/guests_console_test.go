package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// formatOf is the format of a disk of a test guest.
func formatOf(disk string) string { return strings.TrimPrefix(filepath.Ext(disk), ".") }

// lostAddress says how the network of a guest that comes up differs from that of
// the old machine.
func lostAddress(t *testing.T, c guestCase, result testguest.BootResult) string {
	t.Helper()
	if result.Probe == nil {
		t.Fatalf("the guest's probe said nothing\n%s", tail(result.Console))
	}
	var has []string
	for _, nic := range result.Probe.Addresses {
		if slices.Contains(nic.Addresses, c.address) {
			t.Fatalf("a plain conversion kept %s: %+v", c.address, result.Probe.Addresses)
		}
		if nic.Interface != "lo" {
			has = append(has, strings.Join(append([]string{nic.Interface}, nic.Addresses...), " "))
		}
	}
	return fmt.Sprintf("login without %s: %s", c.address, strings.Join(has, ", "))
}

// administer boots a guest, runs a command as root when its boot is over, and
// switches it off. What the guest wrote stays. The command must succeed.
func administer(t *testing.T, disk testguest.BootDisk, limit time.Duration, command string) testguest.Probe {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	machine, err := testguest.Start(ctx, testguest.BootOptions{Disks: []testguest.BootDisk{disk}, Persist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer closeMachine(t, machine)
	if state, err := machine.WaitState(ctx, ""); err != nil || state != testguest.StateLogin {
		t.Fatalf("the guest came to %q, %v\n%s", state, err, tail(machine.Console.Text()))
	}
	var match []string
	for _, step := range []struct {
		expect, send string
	}{
		{`testguest-probe: END`, "root\n"},
		{`Password: `, testguest.RootPassword + "\n"},
		{`root@\S+:~# `, command + "; echo command-$?-done\n"},
		{`(?m)^command-(\d+)-done`, "poweroff\n"},
	} {
		if _, match, err = machine.Console.Expect(ctx, regexp.MustCompile(step.expect)); err != nil {
			t.Fatalf("%v\n%s", err, tail(machine.Console.Text()))
		}
		if err := machine.Console.Send(step.send); err != nil {
			t.Fatal(err)
		}
	}
	if match[1] != "0" {
		t.Fatalf("%s failed\n%s", command, tail(machine.Console.Text()))
	}
	never := regexp.MustCompile(`\z.`)
	if _, _, err := machine.Console.Expect(ctx, never); !errors.Is(err, testguest.ErrConsoleClosed) {
		t.Fatalf("the guest was not switched off: %v\n%s", err, tail(machine.Console.Text()))
	}
	probe, ok := testguest.ParseProbe(machine.Console.Text())
	if !ok {
		t.Fatalf("the guest's probe said nothing\n%s", tail(machine.Console.Text()))
	}
	return probe
}

func closeMachine(t *testing.T, machine *testguest.Machine) {
	t.Helper()
	if err := machine.Close(); err != nil {
		t.Error(err)
	}
}

// enoughRecords are more than the guest keeps, so that it has begun to remove
// files, and its journals have gone round.
const enoughRecords = 60

// cutPower boots a copy of the guest's disk on its old hardware, ends the machine
// while the guest writes, and returns the disk with the number of the last record
// that was told to be on it. That both journals are left to be replayed is seen on
// the old hardware, too.
func cutPower(t *testing.T, recipe testguest.Recipe, disks []string) ([]string, int) {
	t.Helper()
	disk := filepath.Join(t.TempDir(), "cut.qcow2")
	err := qemuimg.Convert(t.Context(), qemuimg.ConvertOptions{
		Source: qemuimg.Image{Path: disks[0], Format: formatOf(disks[0])}, Dest: disk, Format: "qcow2",
	})
	if err != nil {
		t.Fatal(err)
	}
	written := writeUntilCut(t, recipe, disk)

	result, err := testguest.Boot(t.Context(), testguest.BootOptions{
		Disks: []testguest.BootDisk{{Path: disk, Format: "qcow2"}}, Firmware: recipe.Firmware, Bus: recipe.Old,
		WaitForProbe: true, Timeout: 10 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.State != testguest.StateLogin {
		t.Fatalf("after the power cut the old machine reached %q: %s\n%s", result.State, result.Reason, tail(result.Console))
	}
	for _, replay := range []string{`EXT4-fs \(sda1\): .*recovery complete`, `XFS \(sda2\): Starting recovery`} {
		if !regexp.MustCompile(replay).MatchString(result.Console) {
			t.Errorf("the old machine's console does not say %s", replay)
		}
	}
	checkRecords(t, result.Console, written)
	return []string{disk}, written
}

func writeUntilCut(t *testing.T, recipe testguest.Recipe, disk string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	machine, err := testguest.Start(ctx, testguest.BootOptions{
		Disks: []testguest.BootDisk{{Path: disk, Format: "qcow2"}}, Firmware: recipe.Firmware, Bus: recipe.Old, Persist: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer closeMachine(t, machine)
	record := regexp.MustCompile(testguest.RecordWritten)
	for {
		_, match, err := machine.Console.Expect(ctx, record)
		if err != nil {
			t.Fatalf("%v\n%s", err, tail(machine.Console.Text()))
		}
		written, err := strconv.Atoi(match[1])
		if err != nil {
			t.Fatal(err)
		}
		if written >= enoughRecords {
			t.Logf("the power is cut after record %d", written)
			return written
		}
	}
}

// checkRecords compares what the guest found at its start with what it was told to
// have written before the power cut.
func checkRecords(t *testing.T, console string, written int) {
	t.Helper()
	match := regexp.MustCompile(testguest.RecordsFound).FindStringSubmatch(console)
	if match == nil {
		t.Errorf("the guest does not say which records it found\n%s", tail(console))
		return
	}
	t.Logf("written %d, found %s on ext4 and %s on xfs", written, match[1], match[2])
	for _, found := range match[1:] {
		if last, err := strconv.Atoi(found); err != nil || last < written {
			t.Errorf("the last record found is %s (%v), record %d was on the disk", found, err, written)
		}
	}
}
