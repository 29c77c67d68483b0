package netconf

import "testing"

func TestIsCardName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"eth0": true, "ens192": true, "eno1": true, "eno16777736": true, "enp3s0f1np1": true, "enP2p1s0": true, "enp0s20u2i1c2": true, "end0": true,
		"enx00505600aabb": true, "env2": true, "enaAPMC0D05i0": true, "em1": true, "em1_2": true, "p2p1": true, "enc0600": true, "enX0": true, "enX1": true,
		"enable": false, "enabled": false, "encrypt": false, "endpoint": false, "environment": false, "ensure": false, "eni": false, "enxyz": false, "enXa": false, "br0": false, "eth": false,
	} {
		if got := IsCardName(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
