package firstboot

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/network"
)

// waitMinutes is how long a card is waited for.
const waitMinutes = 5

// check makes sure that all that goes into a script is what it seems. mac is as
// Windows writes it.
func check(card network.Card) (mac string, err error) {
	if !card.Known() {
		return "", fmt.Errorf("it is not known which of several cards the addresses %v are for", card.Addresses)
	}
	if card.MAC != "" {
		parsed, err := net.ParseMAC(card.MAC)
		if err != nil || len(parsed) != 6 {
			return "", fmt.Errorf("%q is no address of a card", card.MAC)
		}
		mac = strings.ToUpper(strings.ReplaceAll(parsed.String(), ":", "-"))
	}
	if card.ID != "" && !network.IsID(card.ID) {
		return "", fmt.Errorf("%q is no id of a card", card.ID)
	}
	if len(card.Addresses) == 0 && len(card.NameServers) == 0 {
		return "", fmt.Errorf("the card %q has no address", card.MAC)
	}
	for _, address := range card.Addresses {
		if !address.IsValid() || !address.Addr().Is4() {
			return "", fmt.Errorf("%v is no IPv4 address with its prefix", address)
		}
	}
	for _, list := range [][]netip.Addr{card.Gateways, card.NameServers} {
		for _, address := range list {
			if !address.Is4() {
				return "", fmt.Errorf("%v is no IPv4 address", address)
			}
		}
	}
	return mac, nil
}

// addresses is the script that gives the new cards the addresses of the old ones,
// and its name.
func (t Task) addresses() (name, text string, err error) {
	byPowerShell := hasStorageModule(t.Windows)
	var calls strings.Builder
	only := 0
	for _, card := range t.Cards {
		mac, err := check(card)
		if err != nil {
			return "", "", err
		}
		if card.Only && len(t.Cards) == 1 {
			only = 1
		}
		if byPowerShell {
			calls.WriteString(powerShell(card, mac))
		} else {
			calls.WriteString(netsh(card, mac))
		}
	}
	if byPowerShell {
		return "040-addresses.ps1", fmt.Sprintf(powerShellBegin, waitMinutes, only) + calls.String() + "exit $failed\n", nil
	}
	return "040-addresses.cmd", fmt.Sprintf("@echo off\nsetlocal\nset failed=0\nset only=%d\n", only) + calls.String() + netshEnd, nil
}

// powerShellBegin knows how to find a card and to configure it. A card that has the
// addresses already, as after a try that failed later, keeps them.
const powerShellBegin = `$ErrorActionPreference = 'Stop'
$deadline = (Get-Date).AddMinutes(%d)
$only = %d
$failed = 0

function Find-Card([string]$mac) {
    while ($true) {
        $cards = @(Get-NetAdapter -ErrorAction SilentlyContinue | Where-Object { $_.HardwareInterface -or $_.DriverFileName -eq 'netkvm.sys' })
        $found = @($cards | Where-Object { $mac -and $_.MacAddress -eq $mac })
        if ($found.Count -eq 0 -and $only) { $found = $cards }
        if ($found.Count -eq 1) { return $found[0] }
        if ((Get-Date) -ge $deadline) { return $null }
        Start-Sleep -Seconds 5
    }
}

# The card that is gone keeps its addresses, and a later one cannot have them.
function Remove-Ghost([string]$guid, $card) {
    $key = "HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces\$guid"
    if (-not $guid -or $card.InterfaceGuid -eq $guid -or -not (Test-Path -LiteralPath $key)) { return }
    foreach ($name in 'IPAddress', 'SubnetMask', 'DefaultGateway', 'DefaultGatewayMetric', 'NameServer') {
        Remove-ItemProperty -LiteralPath $key -Name $name -ErrorAction SilentlyContinue
    }
    Set-ItemProperty -LiteralPath $key -Name EnableDHCP -Value 1 -Type DWord
    Write-Output "the old card $guid has no addresses any more"
}

function Set-Card([string]$mac, [string]$guid, $addresses, $gateways, $servers) {
    $card = Find-Card $mac
    if (-not $card) {
        Write-Output "there is no card $mac for $addresses $servers"
        $script:failed = 1
        return
    }
    $index = $card.InterfaceIndex
    Remove-Ghost $guid $card
    if ($addresses) { Set-NetIPInterface -InterfaceIndex $index -AddressFamily IPv4 -Dhcp Disabled }
    foreach ($address in $addresses) {
        $ip, $prefix = $address -split '/'
        if (-not (Get-NetIPAddress -InterfaceIndex $index -IPAddress $ip -ErrorAction SilentlyContinue)) {
            New-NetIPAddress -InterfaceIndex $index -IPAddress $ip -PrefixLength $prefix | Out-Null
        }
    }
    foreach ($gateway in $gateways) {
        if (-not (Get-NetRoute -InterfaceIndex $index -DestinationPrefix '0.0.0.0/0' -NextHop $gateway -ErrorAction SilentlyContinue)) {
            New-NetRoute -InterfaceIndex $index -DestinationPrefix '0.0.0.0/0' -NextHop $gateway | Out-Null
        }
    }
    if ($servers) { Set-DnsClientServerAddress -InterfaceIndex $index -ServerAddresses $servers }
    Write-Output "$($card.Name) has $addresses and asks $servers for names"
}

`

func powerShell(card network.Card, mac string) string {
	return fmt.Sprintf("Set-Card '%s' '%s' %s %s %s\n", mac, card.ID, powerShellList(card.Addresses), powerShellList(card.Gateways), powerShellList(card.NameServers))
}

func powerShellList[T fmt.Stringer](values []T) string {
	quoted := make([]string, len(values))
	for n, value := range values {
		quoted[n] = "'" + value.String() + "'"
	}
	return "@(" + strings.Join(quoted, ", ") + ")"
}

// netshEnd is what the calls for single cards need. What netsh is told twice changes
// nothing but for addresses that are added, which it refuses.
const netshEnd = `exit /b %failed%

:find
set name=
for /l %%i in (1,1,60) do call :look %1
if not defined name (
  echo there is no card %1
  set failed=1
)
exit /b 0

:look
if defined name exit /b 0
set cards=0
for /f "tokens=1-3 delims=," %%a in ('getmac /v /fo csv /nh') do call :compare %1 %%a %%b %%c
if not defined name if %only% equ 1 if %cards% equ 1 set "name=%last%"
if not defined name ping -n 6 127.0.0.1 >nul
exit /b 0

:compare
set /a cards+=1
set "last=%~2"
if /i "%~4"=="%~1" set "name=%~2"
exit /b 0

:ghost
set "key=HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces\%~1"
reg query "%key%" >nul 2>nul
if errorlevel 1 exit /b 0
for %%v in (IPAddress SubnetMask DefaultGateway DefaultGatewayMetric NameServer) do reg delete "%key%" /v %%v /f >nul 2>nul
reg add "%key%" /v EnableDHCP /t REG_DWORD /d 1 /f >nul
exit /b 0

:check
if errorlevel 1 set failed=1
exit /b 0
`

func netsh(card network.Card, mac string) string {
	label := mac
	if label == "" {
		label = "any"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "call :find %s\n", label)
	var commands []string
	for n, address := range card.Addresses {
		ip, mask := address.Addr(), network.Mask(address)
		switch {
		case n > 0:
			commands = append(commands, fmt.Sprintf("add address name=\"%%name%%\" address=%s mask=%s", ip, mask))
		case len(card.Gateways) > 0:
			commands = append(commands, fmt.Sprintf("set address name=\"%%name%%\" source=static address=%s mask=%s gateway=%s gwmetric=1", ip, mask, card.Gateways[0]))
		default:
			commands = append(commands, fmt.Sprintf("set address name=\"%%name%%\" source=static address=%s mask=%s", ip, mask))
		}
	}
	for _, gateway := range card.Gateways[min(1, len(card.Gateways)):] {
		commands = append(commands, fmt.Sprintf("add address name=\"%%name%%\" gateway=%s gwmetric=2", gateway))
	}
	for n, server := range card.NameServers {
		verb := "set dns name=\"%name%\" source=static address=" + server.String()
		if n > 0 {
			verb = fmt.Sprintf("add dns name=\"%%name%%\" address=%s index=%d", server, n+1)
		}
		commands = append(commands, verb)
	}
	text.WriteString("if defined name (\n")
	if card.ID != "" {
		fmt.Fprintf(&text, "  call :ghost \"%s\"\n", card.ID)
	}
	for n, command := range commands {
		fmt.Fprintf(&text, "  netsh interface ip %s\n", command)
		if n == 0 {
			text.WriteString("  call :check\n")
		}
	}
	text.WriteString(")\n")
	return text.String()
}
