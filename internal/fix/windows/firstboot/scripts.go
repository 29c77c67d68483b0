package firstboot

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

// The names that go into scripts as they are.
var (
	infName     = regexp.MustCompile(`^[A-Za-z0-9_.-]+\.inf$`)
	programName = regexp.MustCompile(`^[A-Za-z0-9_.-]+\.(msi|exe)$`)
	folderName  = regexp.MustCompile(`^[A-Za-z0-9_]+(\\[A-Za-z0-9_]+)*$`)
	productCode = regexp.MustCompile(`^\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}$`)
)

// hasStorageModule says that PowerShell can speak of disks and cards: from Windows 8
// and Server 2012 on.
func hasStorageModule(s registry.Software) bool {
	return s.Major > 6 || s.Major == 6 && s.Minor >= 2
}

// bringsPowerShell says that there is a PowerShell of any version: from Windows 7 and
// Server 2008 R2 on.
func bringsPowerShell(s registry.Software) bool {
	return s.Major > 6 || s.Major == 6 && s.Minor >= 1
}

// scripts are those of the migration itself, without the folder they go to.
func (t Task) scripts() ([]File, error) {
	if len(t.Drivers) > 0 || t.Agent != "" || t.Balloon != "" {
		if !folderName.MatchString(t.DriverFolder) {
			return nil, fmt.Errorf("%q is no folder of drivers", t.DriverFolder)
		}
	}
	var files []File
	add := func(name, text string) { files = append(files, File{Path: name, Content: []byte(lines(text))}) }
	for _, some := range []struct {
		name      string
		essential bool
	}{{"010-drivers.cmd", true}, {"020-more-drivers.cmd", false}} {
		text, err := t.installDrivers(some.essential)
		if err != nil {
			return nil, err
		}
		if text != "" {
			add(some.name, text)
		}
	}
	switch {
	case t.OnlineDisks && hasStorageModule(t.Windows):
		add("030-disks.ps1", onlineDisks)
	case t.OnlineDisks:
		add("030-disks.cmd", onlineDisksByDiskpart)
	}
	if len(t.Cards) > 0 {
		name, text, err := t.addresses()
		if err != nil {
			return nil, err
		}
		add(name, text)
	}
	text, err := t.installAgent()
	if err != nil {
		return nil, err
	}
	if text != "" {
		add("050-guest-agent.cmd", text)
	}
	if len(t.VMwareTools) > 0 {
		text, err := removeVMwareTools(t.VMwareTools)
		if err != nil {
			return nil, err
		}
		add("060-vmware-tools.cmd", text)
	}
	return files, nil
}

// installDrivers installs the essential drivers, or the others. Of the others none
// counts: one that Windows refuses must not keep the rest from being done, nor have
// it restarted.
func (t Task) installDrivers(essential bool) (string, error) {
	var calls, resets strings.Builder
	for _, driver := range t.Drivers {
		if driver.Essential != essential {
			continue
		}
		if !infName.MatchString(driver.INF) {
			return "", fmt.Errorf("%q is no name of an INF file", driver.INF)
		}
		fmt.Fprintf(&calls, "call :install %s\n", driver.INF)
		program := `%SystemRoot%\System32\drivers\` + strings.TrimSuffix(driver.INF, ".inf") + ".sys"
		fmt.Fprintf(&resets, "if exist \"%s\" icacls \"%s\" /reset /q\n", program, program)
	}
	if calls.Len() == 0 {
		return "", nil
	}
	folder := `%SystemRoot%\` + t.DriverFolder
	begin, end := "", "exit /b 0\n"
	if essential {
		// Made without Windows, the files may be open to all users.
		begin = fmt.Sprintf("icacls \"%s\" /reset /t /c /q\n", folder) + resets.String()
		for n := range t.Publishers {
			begin += fmt.Sprintf("call :trust \"%%SystemRoot%%\\%s\"\n", publisherFile(n))
		}
		end = "if %failed% neq 0 exit /b 1\nif %restart% neq 0 exit /b 3010\nexit /b 0\n"
		if len(t.Publishers) > 0 {
			end += trust
		}
	}
	return fmt.Sprintf(`@echo off
setlocal
rem A process of 32 bits finds the programs of 64 bits in Sysnative, and no other
rem process has that folder.
set "system=%%SystemRoot%%\System32"
if exist "%%SystemRoot%%\Sysnative\pnputil.exe" set "system=%%SystemRoot%%\Sysnative"
set failed=0
set restart=0
%s%s%s
:install
echo installing %%1
"%%system%%\pnputil.exe" -i -a "%s\%%1"
set status=%%errorlevel%%
rem 259: there is no device for it, or it has a better driver.
if %%status%% equ 0 exit /b 0
if %%status%% equ 259 exit /b 0
if %%status%% equ 3010 (
  set restart=1
  exit /b 0
)
echo %%1 was not installed: status %%status%%
set failed=1
exit /b 0
`, begin, calls.String(), end, folder), nil
}

// trust has Windows trust the publisher of drivers. Another try finds that done.
const trust = `
:trust
if not exist %1 exit /b 0
"%system%\certutil.exe" -f -addstore TrustedPublisher %1 && del %1
exit /b 0
`

// onlineDisks leaves disks alone that are offline as their id is that of another one,
// and those of a cluster. When all is done, the policy is what it was: see OnlineDisks.
const onlineDisks = `$ErrorActionPreference = 'Stop'
$disks = @(Get-Disk | Where-Object { $_.FriendlyName -match 'VirtIO|QEMU' -and -not $_.IsClustered })
foreach ($disk in $disks) {
    if ($disk.IsOffline) {
        if ("$($disk.OfflineReason)" -match 'Collision') {
            Write-Output "disk $($disk.Number) stays offline: another disk has the same id"
            continue
        }
        Write-Output "disk $($disk.Number) is brought online"
        Set-Disk -Number $disk.Number -IsOffline $false
    }
    if ((Get-Disk -Number $disk.Number).IsReadOnly) {
        Write-Output "disk $($disk.Number) is made writable"
        Set-Disk -Number $disk.Number -IsReadOnly $false
    }
}
$policy = (Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Services\` + Service + `').SanPolicy
$parameters = 'HKLM:\SYSTEM\CurrentControlSet\Services\partmgr\Parameters'
if ($policy -eq 0) {
    Remove-ItemProperty -LiteralPath $parameters -Name SanPolicy -ErrorAction SilentlyContinue
} elseif ($policy) {
    Set-ItemProperty -LiteralPath $parameters -Name SanPolicy -Value $policy -Type DWord
}
exit 0
`

// onlineDisksByDiskpart is for what has no PowerShell that speaks of disks. Disk 0 is
// the one that Windows has started from.
const onlineDisksByDiskpart = `@echo off
setlocal
set "commands=%TEMP%\hyper2kvm-disk.txt"
for /l %%n in (1,1,31) do call :online %%n
del "%commands%" 2>nul
for /f "tokens=1,3" %%a in ('reg query HKLM\SYSTEM\CurrentControlSet\Services\` + Service + `') do if "%%a"=="SanPolicy" call :policy %%b
exit /b 0

:policy
set "parameters=HKLM\SYSTEM\CurrentControlSet\Services\partmgr\Parameters"
if %1==0x0 (
  reg delete "%parameters%" /v SanPolicy /f
) else (
  reg add "%parameters%" /v SanPolicy /t REG_DWORD /d %1 /f
)
exit /b 0

:online
> "%commands%" echo select disk %1
>> "%commands%" echo detail disk
diskpart /s "%commands%" | findstr /i "VirtIO QEMU" >nul
if errorlevel 1 exit /b 0
echo disk %1 is brought online
> "%commands%" echo select disk %1
>> "%commands%" echo online disk noerr
>> "%commands%" echo attributes disk clear readonly noerr
diskpart /s "%commands%"
exit /b 0
`

// installAgent installs the guest agent and the service of the balloon driver.
func (t Task) installAgent() (string, error) {
	for _, name := range []string{t.Agent, t.Balloon} {
		if name != "" && !programName.MatchString(name) {
			return "", fmt.Errorf("%q is no name of a program", name)
		}
	}
	if t.Agent == "" && t.Balloon == "" {
		return "", nil
	}
	text := "@echo off\nsetlocal\n"
	if t.Balloon != "" {
		text += fmt.Sprintf("\"%%SystemRoot%%\\%s\\%s\" -i\nif errorlevel 1 echo the balloon service was not installed: status %%errorlevel%%\n",
			t.DriverFolder, t.Balloon)
	}
	if t.Agent != "" {
		text += fmt.Sprintf("\"%%SystemRoot%%\\System32\\msiexec.exe\" /i \"%%SystemRoot%%\\%s\\%s\" /qn /norestart\n", t.DriverFolder, t.Agent) + endOfInstaller
	}
	return text, nil
}

// endOfInstaller takes an installer that wants a restart for one that is done: the
// next start of Windows comes.
const endOfInstaller = `set status=%errorlevel%
if %status% equ 3010 exit /b 0
exit /b %status%
`

// removeVMwareTools removes products. What they name to remove them installs them
// anew, so it is their code that counts. Away from VMware this fails often.
func removeVMwareTools(products []string) (string, error) {
	text := "@echo off\nsetlocal\nset failed=0\n"
	for _, product := range products {
		if !productCode.MatchString(product) {
			return "", fmt.Errorf("%q is no code of a product", product)
		}
		text += fmt.Sprintf("call :remove %s\n", product)
	}
	return text + `exit /b %failed%

:remove
"%SystemRoot%\System32\msiexec.exe" /x %1 /qn /norestart REBOOT=ReallySuppress
set status=%errorlevel%
echo VMware Tools %1: status %status%
rem 1605: it is not installed any more.
if %status% equ 0 exit /b 0
if %status% equ 1605 exit /b 0
if %status% equ 1641 exit /b 0
if %status% equ 3010 exit /b 0
set failed=1
exit /b 0
`, nil
}
