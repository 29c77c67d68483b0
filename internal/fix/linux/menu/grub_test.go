package menu

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// ubuntuTop is what Ubuntu's menus do about a boot without initramfs that failed.
const ubuntuTop = `if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
if [ "${initrdfail}" = 2 ]; then
   set initrdfail=
elif [ "${initrdfail}" = 1 ]; then
   set next_entry="${prev_entry}"
   set prev_entry=
   save_env prev_entry
   if [ "${next_entry}" ]; then
      set initrdfail=2
   fi
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set boot_once=true
else
   set default="0"
fi
function recordfail {
  set recordfail=1
  if [ -n "${have_grubenv}" ]; then if [ -z "${boot_once}" ]; then save_env recordfail; fi; fi
}
`

// blocksTop is what menus begin with that have their variables in blocks beside a btrfs.
const blocksTop = `if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${env_block}" ] ; then
  set env_block="(${root})${env_block}"
  export env_block
  load_env -f "${env_block}"
fi
set default="${saved_entry}"
`

// TestGrubDefault: what a script starts by itself, as far as that can be told.
func TestGrubDefault(t *testing.T) {
	t.Parallel()
	const entries = "menuentry 'a' --id ida {\n linux /a\n}\nsubmenu 'more' {\n menuentry 'b' {\n linux /b\n }\n menuentry 'c > d' {\n linux /c\n }\n}\nmenuentry 'Windows' {\n chainloader +1\n}\n"
	for name, test := range map[string]struct {
		script, environment, firmware string
		want                          string // the kernel's name; "" where it is not known, "-" where it is no kernel
		unclear                       string
	}{
		"first":                        {script: entries, want: "/a"},
		"by number":                    {script: "set default=1\n" + entries, want: "/b"},
		"in a submenu":                 {script: "set default='1>1'\n" + entries, want: "/c"},
		"by a title with its own mark": {script: "set default='more>c > d'\n" + entries, want: "/c"},
		"by id":                        {script: "default=ida\n" + entries, want: "/a"},
		"not there":                    {script: "set default=7\n" + entries, want: "/a"},
		"Windows":                      {script: "set default=Windows\n" + entries, want: "-"},
		"saved":                        {script: "set default=\"${saved_entry}\"\n" + entries, environment: "saved_entry=more>b", want: "/b"},
		"for once":                     {script: ubuntuTop + entries, environment: "next_entry=1>1", want: "/c"},
		"Ubuntu":                       {script: ubuntuTop + entries, want: "/a"},
		"Ubuntu, after a failure":      {script: ubuntuTop + entries, environment: "initrdfail=1\nprev_entry=1", want: "/b"},
		"by the firmware":              {script: "if [ \"$grub_platform\" = efi ]; then\n set default=1\nelse\n set default=0\nfi\n" + entries, firmware: guest.FirmwareUEFI, want: "/b"},
		"by the machine":               {script: "if [ \"$grub_cpu\" = x86_64 ]; then\n set default=1\nelse\n set default=0\nfi\n" + entries},
		"by the machine, and alike":    {script: "if [ \"$grub_cpu\" = x86_64 ]; then\n set default=1\nelse\n set default=1\nfi\n" + entries, want: "/b"},
		"behind an entry that may not be there": {
			script: "set default=1\nif keystatus --shift; then\n menuentry 'x' {\n linux /x\n }\nfi\n" + entries, unclear: "keystatus",
		},
		"set in a function":                     {script: "function choose {\n set default=1\n}\nchoose\n" + entries, want: "/b"},
		"negated":                               {script: "if ! [ -n \"$x\" ]; then set default=1; fi\n" + entries, want: "/b"},
		"and, or":                               {script: "if [ -n \"$x\" -o 1 = 1 -a y != z ]; then set default=1; fi\n" + entries, want: "/b"},
		"one of two commands":                   {script: "menuentry 'x' {\n if [ $grub_cpu = x ]; then\n linuxefi /x\n else\n linux /x\n fi\n}\n", want: "/x"},
		"kernel by a variable of the menu":      {script: "set v=6.1\nmenuentry 'x' {\n linux /vmlinuz-$v\n}\n", want: "/vmlinuz-$v"},
		"a configuration file":                  {script: "configfile /boot/grub/more.cfg\n", want: "/m"},
		"a configuration file, behind a device": {script: "search --file --set=d /x\nconfigfile ($d)/boot/grub/more.cfg\n", want: "/m"},
		"variables of another file":             {script: "load_env --skip-sig --file /boot/grub/k.env\nmenuentry 'x' {\n linux /$k\n}\n" + entries, want: "/$k"},
		"a default of another file":             {script: "load_env -f $prefix/k.env\nset default=$d\n" + entries, want: "/b"},
		"a variable that is not asked for":      {script: "set d=0\nload_env --file=$prefix/k.env k other\nset default=$d\n" + entries, want: "/a"},
		"a default of one of two files":         {script: "if [ $grub_cpu = x ]; then\n load_env -f $prefix/k.env\nfi\nset default=$d\n" + entries},
		"variables of a file that is not there": {script: "set default=1\nload_env -f /boot/grub/gone.env\n" + entries, want: "/b", unclear: "/boot/grub/gone.env"},
		"the same, if it is there":              {script: "set default=1\nif [ -f /boot/grub/gone.env ]; then\n load_env -f /boot/grub/gone.env\nfi\n" + entries, want: "/b"},
		"variables in blocks of a device":       {script: blocksTop + entries, environment: "env_block=512+1\nsaved_entry=1", want: "/b"},
		"a file that includes itself":           {script: "source /boot/grub/grub.cfg\n" + entries, want: "/a", unclear: "/boot/grub/grub.cfg"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environment := "# GRUB Environment Block\n" + test.environment + "\n"
			e := edittest.Of(t, guesttest.New(t, map[string]string{
				"/boot/grub/grub.cfg": test.script, "/boot/grub/more.cfg": "menuentry 'm' {\n linux /m\n}\n",
				"/boot/grub/grubenv": environment + strings.Repeat("#", 1024-len(environment)), "/boot/grub/k.env": "# GRUB Environment Block\nk=k\nd=1\n",
			}))
			menus, err := Read(e.Reader, nil, test.firmware)
			if err != nil || len(menus) != 1 {
				t.Fatalf("%+v, %v", menus, err)
			}
			m := menus[0]
			got := ""
			switch {
			case m.Default >= 0:
				got = m.Entries[m.Default].Kernel.Name
			case m.DefaultTitle != "":
				got = "-"
			}
			if got != test.want {
				t.Errorf("starts %q, want %q: %+v", got, test.want, m)
			}
			if (m.Unclear == "") != (test.unclear == "") || !strings.Contains(m.Unclear, test.unclear) {
				t.Errorf("unclear: %q, want %q", m.Unclear, test.unclear)
			}
		})
	}
}
