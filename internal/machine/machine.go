// Package machine reads what OVF and VMX tell of a virtual machine, and computes
// what the machine that takes its place needs.
package machine

import (
	"bytes"
	"encoding/hex"
	"net"
	"strconv"
	"strings"
)

// The firmwares.
const (
	BIOS = "bios"
	UEFI = "uefi"
)

// firmwareOf is the firmware by VMware's word for it, or "".
func firmwareOf(word string) string {
	switch strings.ToLower(word) {
	case "efi":
		return UEFI
	case "bios":
		return BIOS
	}
	return ""
}

// slotNumber is the number of a PCI slot as the guest sees it, by VMware's number,
// or 0. That has the function of a bridge with several in the bits from 1024 on:
// 1184 is the second function of the bridge of slot 160, and the guest's slot 161.
func slotNumber(value string) int {
	number, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || number <= 0 || number >= 1<<16 {
		return 0
	}
	return number%1024 + number/1024
}

// generated says that an address is of the range that VMware's hosts choose from.
func generated(mac string) bool {
	return strings.HasPrefix(mac, "00:0c:29:") || strings.HasPrefix(mac, "00:50:56:8") || strings.HasPrefix(mac, "00:50:56:9") ||
		strings.HasPrefix(mac, "00:50:56:a") || strings.HasPrefix(mac, "00:50:56:b")
}

// affinityOf are the processors that a machine is bound to, or "" for all.
func affinityOf(value string) string {
	if strings.EqualFold(value, "all") {
		return ""
	}
	return value
}

// macAddress normalises an address, or drops what is none that a card can have:
// groups have the lowest bit of the first byte set. Some write it without separators.
func macAddress(address string) string {
	parsed, err := net.ParseMAC(address)
	if err != nil {
		parsed, err = hex.DecodeString(address)
	}
	if err != nil || len(parsed) != 6 || parsed[0]&1 != 0 || bytes.Equal(parsed, make([]byte, 6)) {
		return ""
	}
	return parsed.String()
}
