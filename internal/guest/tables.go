package guest

// Tables are the guest's own tables of its file systems and encrypted devices.
type Tables struct {
	fstab    []fstabEntry
	crypttab map[string]string
}

// ParseTables reads fstab(5) and crypttab(5), each empty where there is none.
func ParseTables(fstab, crypttab string) Tables {
	return Tables{fstab: parseFstab(fstab), crypttab: parseCrypttab(crypttab)}
}

// SwapFiles lists the swap areas that are files, as paths in the guest.
func (t Tables) SwapFiles() []string { return swapFiles(t.fstab) }

// LearnNames records what the guest's tables tell of its devices. Root is where
// its / lies, as OS tells it.
func (d Devices) LearnNames(root string, tables Tables) {
	var specs []string
	for _, entry := range tables.fstab {
		specs = append(specs, entry.Spec)
	}
	for spec := range tables.crypttab {
		specs = append(specs, spec)
	}
	learnSlots(d, specs)
	learnSerials(d, usesOf(d.RootMount(root).Device, tables))
	nameMappings(d, tables.crypttab)
}

// nameMappings records what the guest calls its open LUKS devices.
func nameMappings(devices Devices, names map[string]string) {
	for spec, name := range names {
		encrypted, ok := devices.Resolve(spec)
		if !ok {
			continue
		}
		for i := range devices {
			if devices[i].Kind == KindCrypt && devices[i].Parent == encrypted.Name {
				devices[i].GuestName = "/dev/mapper/" + name
			}
		}
	}
}
