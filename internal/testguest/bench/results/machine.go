package results

import "maps"

// Machine is where and with what was measured.
type Machine struct {
	CPU         string `json:"cpu"`
	Cores       int    `json:"cores"`
	MemoryBytes int64  `json:"memory_bytes"`
	Kernel      string `json:"kernel"`
	System      string `json:"system"`
	// Acceleration is what the appliance ran on: kvm or tcg.
	Acceleration string `json:"acceleration"`
	// Versions are those of the programs and libraries.
	Versions map[string]string `json:"versions"`
	// Commit is what the engine was built from, EngineDigest is the SHA-256 of
	// its file, in which the commit is not: other commits change other things.
	Commit       string `json:"commit,omitempty"`
	EngineDigest string `json:"engine_digest"`
}

// Same says that measurements made with both can stand beside each other.
func (m Machine) Same(o Machine) bool {
	return m.EngineDigest == o.EngineDigest && m.SameHost(o)
}

// SameHost is Same but for the engine.
func (m Machine) SameHost(o Machine) bool {
	return m.CPU == o.CPU && m.Cores == o.Cores && m.Kernel == o.Kernel && m.Acceleration == o.Acceleration &&
		maps.Equal(m.Versions, o.Versions)
}
