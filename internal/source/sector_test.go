package source

import "testing"

func TestSectorSize(t *testing.T) {
	t.Parallel()
	linux := mbrEntry{0x80, 0x83, 8, 56}
	with := func(disk []byte, at int, content []byte) []byte {
		copy(disk[at:], content)
		return disk
	}
	for name, test := range map[string]struct {
		start []byte
		want  int
	}{
		"nothing":                           {nil, 512},
		"no table":                          {make([]byte, 64<<10), 512},
		"GPT":                               {gpt(512, 64, 64, 58), 512},
		"GPT of 4096 bytes":                 {gpt(4096, 64, 64, 58), 4096},
		"the start of that":                 {gpt(4096, 64, 64, 58)[:24<<10], 4096},
		"GPT of 4096 bytes, damaged":        {with(gpt(4096, 64, 64, 58), 4096+32, []byte("\x01")), 512},
		"GPT of 512 over one of 4096":       {with(gpt(512, 512, 512, 400), 4096, gpt(4096, 64, 64, 58)[4096:8192]), 512},
		"4096 that no protective entry has": {with(gpt(4096, 64, 64, 58), mbrEntries, make([]byte, 16)), 512},
		"MBR":                               {with(mbr(256, linux), 8*512, extContent(28<<10)), 512},
		"MBR of 4096 bytes":                 {with(mbr(256, linux), 8*4096, extContent(28<<10)), 4096},
		"MBR of 4096 bytes with swap":       {with(mbr(256, mbrEntry{0, 0x82, 8, 8}, mbrEntry{0, 0x83, 16, 8}), 16*4096, squashContent(9000)), 4096},
		"MBR over nothing that is known":    {mbr(256, linux), 512},
		"MBR that leads behind the start":   {mbr(8, linux), 512},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := SectorSize(test.start); got != test.want {
				t.Errorf("%d, want %d", got, test.want)
			}
		})
	}
}
