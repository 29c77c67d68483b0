package inject

import (
	"fmt"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	// firstBootDirectory is below libexec, where SELinux lets services execute
	// files and which is not mounted noexec as /var may be.
	firstBootDirectory = "/usr/local/libexec/hyper2kvm/first-boot"
	firstBootUnit      = "hyper2kvm-first-boot.service"
)

// firstBootRunner runs the scripts and removes all that was injected for
// them. A script that fails is kept for whoever must find out why; it does not
// run again, because the unit is gone.
const firstBootRunner = `#!/bin/sh
# Runs the scripts of the migration once and removes itself.
directory=` + firstBootDirectory + `
unit=` + unitDirectory + "/" + firstBootUnit + `
wants=` + unitDirectory + "/multi-user.target.wants/" + firstBootUnit + `

# What ran is not run again, even if a script reboots the machine.
rm -f "$wants" "$unit"

failed=0
for script in "$directory"/scripts/*; do
    [ -f "$script" ] || continue
    echo "first boot: running ${script##*/}"
    "$script"
    status=$?
    if [ "$status" -eq 0 ]; then
        rm -f "$script"
    else
        echo "first boot: ${script##*/} failed with status $status; it is kept as $script" >&2
        failed=1
    fi
done

rm -f "$directory/run"
rmdir "$directory/scripts" "$directory" "${directory%/*}" 2>/dev/null
systemctl --no-block daemon-reload
exit "$failed"
`

// firstBootService runs that. Its type makes nothing wait for a slow script
// but multi-user.target itself.
const firstBootService = `[Unit]
Description=Scripts of the migration, run once
Wants=network-online.target
After=network-online.target
ConditionPathIsDirectory=` + firstBootDirectory + `/scripts

[Service]
Type=oneshot
ExecStart=/bin/sh ` + firstBootDirectory + `/run
TimeoutStartSec=infinity
StandardOutput=journal
StandardError=journal

[Install]
WantedBy=multi-user.target
`

func planFirstBoot(p *plan, systemd *units, scripts []manifest.Script) error {
	if len(scripts) == 0 {
		return nil
	}
	if systemd == nil {
		return fmt.Errorf("%s: the guest does not use systemd, which runs the scripts; remove them", attrFirstBoot)
	}
	p.mkdir(firstBootDirectory, 0o700, root, "first boot scripts")
	p.mkdir(firstBootDirectory+"/scripts", 0o700, root, "first boot scripts")
	for i, script := range scripts {
		text, interpreter := executable(script.Content)
		if !p.exists(interpreter) {
			return fmt.Errorf("%s: the guest has no %s, which the script asks for", attribute(attrFirstBoot, i, "content"), interpreter)
		}
		if text != script.Content && strings.Contains(script.Content, "\r\n") {
			p.warn(report.ConcernFirstBoot, fmt.Sprintf("first boot script %q had Windows line ends, which were removed", script.Name),
				"nothing is to be done; to be rid of this warning, save it with the line ends of Unix")
		}
		// The number keeps the order that the manifest gives.
		file := fmt.Sprintf("%s/scripts/%03d-%s", firstBootDirectory, i, script.Name)
		p.writeHidden(file, text, 0o700, root, "first boot script "+script.Name)
	}
	p.stage(firstBootDirectory+"/run", change{kind: kindFile, content: firstBootRunner, perm: 0o700, enforce: true}, "runs the first boot scripts")
	p.writeText(path.Join(unitDirectory, firstBootUnit), firstBootService, "runs the first boot scripts")
	p.symlink(path.Join(unitDirectory, firstBootUnit), path.Join(unitDirectory, "multi-user.target.wants", firstBootUnit), "enable "+firstBootUnit)
	systemd.turnedOn = append(systemd.turnedOn, firstBootUnit)
	return nil
}

// executable completes a script to what the kernel executes and names its
// interpreter.
func executable(content string) (text, interpreter string) {
	text = strings.ReplaceAll(content, "\r\n", "\n")
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	line, _, _ := strings.Cut(text, "\n")
	if fields := strings.Fields(strings.TrimPrefix(line, "#!")); strings.HasPrefix(line, "#!") && len(fields) > 0 {
		return text, fields[0]
	}
	return "#!/bin/sh\n" + text, "/bin/sh"
}
