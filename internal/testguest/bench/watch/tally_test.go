package watch

import (
	"math"
	"testing"
	"time"
)

func sight(pid int, program string, cpu time.Duration, peak int64) sighting {
	return sighting{pid: pid, status: status{kind: program, cpu: cpu, peak: peak}, arguments: func() []byte { return nil }}
}

func TestTallyTellsTheEnginesTimeFromTheRest(t *testing.T) {
	const second = time.Second
	tally := newTally("engine")
	tally.add(0, []sighting{sight(1, "engine", 0, 10)})
	tally.add(1*second, []sighting{sight(1, "engine", 500*time.Millisecond, 20)})
	tally.add(2*second, []sighting{sight(1, "engine", 700*time.Millisecond, 30), sight(2, "qemu-img", 0, 5)})
	tally.add(4*second, []sighting{sight(1, "engine", 800*time.Millisecond, 30), sight(2, "qemu-img", 2*second, 7)})
	tally.add(5*second, []sighting{sight(1, "engine", 800*time.Millisecond, 30)})
	record := tally.finish(6 * second)

	// Alone from 0 to 1, half of 1 to 2, half of 4 to 5, and from 5 to 6.
	if got, want := record.Alone, 3.0; math.Abs(got-want) > 1e-9 {
		t.Errorf("alone: got %v, want %v", got, want)
	}
	// From 500 ms, before the other program was seen, to 800 ms.
	if got, want := record.Beside, 0.3; math.Abs(got-want) > 1e-9 {
		t.Errorf("beside: got %v, want %v", got, want)
	}
	if got := record.Peaks(); got["engine"] != 30 || got["qemu-img"] != 7 {
		t.Errorf("peaks: %v", got)
	}
	if count, wall, cpu := record.Lifetime("qemu-img"); count != 1 || wall != 2 || cpu != 2 {
		t.Errorf("qemu-img: %d processes, %v s, %v s of processor time", count, wall, cpu)
	}
}

func TestTallyCountsAProgramThatAProcessTurnsInto(t *testing.T) {
	tally := newTally("engine")
	child := sight(2, "engine", 0, 90)
	child.parent = 1
	tally.add(0, []sighting{sight(1, "engine", 0, 100), child})
	tally.add(time.Second, []sighting{sight(1, "engine", 0, 100), sight(2, "qemu-system-x86_64", time.Second, 40)})
	record := tally.finish(2 * time.Second)
	if got := record.Peaks(); got["qemu-system-x86_64"] != 40 {
		t.Errorf("the memory of the program before counts: %v", got)
	}
	if count, _, _ := record.Lifetime(Fork); count != 1 {
		t.Errorf("%d copies of the engine, want 1", count)
	}
	if len(record.Processes) != 3 {
		t.Errorf("got %d processes, want 3: %+v", len(record.Processes), record.Processes)
	}
}

func TestKindOf(t *testing.T) {
	for _, test := range []struct{ program, arguments, want string }{
		{"qemu-system-x86_64", "qemu\x00-device\x00virtserialport,name=org.libguestfs.channel.0", Appliance},
		{"qemu-system-x86_64", "qemu\x00-help", "qemu-system-x86_64"},
		{"qemu-img", "qemu-img\x00convert\x00org.libguestfs.channel", "qemu-img"},
	} {
		if got := kindOf(test.program, []byte(test.arguments)); got != test.want {
			t.Errorf("kindOf(%q, %q) = %q, want %q", test.program, test.arguments, got, test.want)
		}
	}
}
