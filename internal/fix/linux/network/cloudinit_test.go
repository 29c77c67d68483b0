package network

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	identify   = "/usr/lib/cloud-init/ds-identify"
	identified = "/etc/cloud/ds-identify.cfg"
	sources    = "/etc/cloud/cloud.cfg.d/99-vmware.cfg"
	seedMeta   = "/var/lib/cloud/seed/nocloud/meta-data"
	seedUser   = "/var/lib/cloud/seed/nocloud/user-data"
)

func TestKeepFromCloudInit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		told  bool
	}{
		"no ds-identify":                        {map[string]string{sources: "datasource_list: [ VMware, OVF, None ]\n"}, true},
		"several, none found":                   {map[string]string{identify: "", sources: "datasource_list: [ VMware, OVF, None ]\n"}, false},
		"one, taken":                            {map[string]string{identify: "", sources: "datasource_list: [ VMware ]\n"}, true},
		"one and None":                          {map[string]string{identify: "", sources: "datasource_list: [\"OVF\", 'None']\n"}, true},
		"over several lines":                    {map[string]string{identify: "", sources: "datasource_list:\n  - OVF\n"}, false},
		"the last file":                         {map[string]string{identify: "", "/etc/cloud/cloud.cfg.d/10.cfg": "datasource_list: [OVF]\n", sources: "datasource_list: [OVF, NoCloud]\n"}, false},
		"policy enabled":                        {map[string]string{identify: "", identified: "policy: enabled\n"}, true},
		"policy on not found":                   {map[string]string{identify: "", identified: "policy: search,found=all,maybe=all,notfound=enabled # x\n"}, true},
		"policy disabled":                       {map[string]string{identify: "", identified: "policy: disabled\n", sources: "datasource_list: [OVF]\n"}, false},
		"a source by name":                      {map[string]string{identify: "", identified: "datasource: VMware\n"}, true},
		"a source on the kernel's command line": {map[string]string{identify: "", "/boot/grub/grub.cfg": " linux /vmlinuz ro ci.ds=OVF\n"}, true},
		"off on the kernel's command line":      {map[string]string{"/etc/default/grub": "GRUB_CMDLINE_LINUX=\"cloud-init=disabled\"\n"}, false},
		"off by file":                           {map[string]string{"/etc/cloud/cloud-init.disabled": ""}, false},
		"network off already":                   {map[string]string{"/etc/cloud/cloud.cfg.d/99-n.cfg": "network: {config: disabled}\n"}, false},
		"the cache is trusted":                  {map[string]string{"/etc/cloud/cloud.cfg.d/99-n.cfg": "manual_cache_clean: true\n"}, false},
		"a seed on the disk":                    {map[string]string{seedMeta: "instance-id: a\n", seedUser: ""}, false},
		// By cloud-init's own tools/ds-identify:
		"half a seed":                       {map[string]string{seedMeta: "instance-id: a\n"}, true},
		"a seed of another source":          {map[string]string{identify: "", seedMeta: "", seedUser: "", sources: "datasource_list: [ VMware ]\n"}, true},
		"a seed of one of several":          {map[string]string{identify: "", seedMeta: "", seedUser: "", sources: "datasource_list: [ VMware, NoCloud ]\n"}, false},
		"a seed of OVF":                     {map[string]string{"/var/lib/cloud/seed/ovf/ovf-env.xml": ""}, false},
		"a dated config drive":              {map[string]string{"/var/lib/cloud/seed/config_drive/openstack/2018-08-27/meta_data.json": ""}, false},
		"a list without brackets":           {map[string]string{identify: "", sources: "datasource_list: VMware\n"}, true},
		"a list over lines, opened":         {map[string]string{identify: "", sources: "datasource_list: [ VMware,\n  None ]\n"}, true},
		"a list of nothing":                 {map[string]string{identify: "", sources: "datasource_list: []\n"}, false},
		"a later list in lines":             {map[string]string{identify: "", "/etc/cloud/cloud.cfg.d/10.cfg": "datasource_list: [OVF]\n", sources: "datasource_list:\n - OVF\n"}, false},
		"a quoted key":                      {map[string]string{identify: "", sources: "\"datasource_list\": [OVF]\n"}, false},
		"a list in a comment":               {map[string]string{identify: "", sources: "x: 1 # datasource_list: [OVF]\n"}, false},
		"None alone":                        {map[string]string{identify: "", sources: "datasource_list: [None]\n"}, true},
		"None alone, as before":             {map[string]string{identify: "", sources: "datasource_list: [None]\n", "/var/lib/cloud/data/previous-datasource": "DataSourceNone: DataSourceNone\n"}, false},
		"the mode report":                   {map[string]string{identify: "", identified: "policy: report\n"}, true},
		"the mode behind the rest":          {map[string]string{identify: "", identified: "policy: notfound=enabled,disabled\n"}, false},
		"a value that is none":              {map[string]string{identify: "", identified: "policy: search,notfound=yes\n"}, false},
		"a source, and the mode disabled":   {map[string]string{identify: "", identified: "policy: disabled\ndatasource: VMware\n"}, false},
		"ds= on the kernel's command line":  {map[string]string{identify: "", "/boot/grub/grub.cfg": " linux /vmlinuz ro ds=VMware\n"}, true},
		"ds= with a seed on the disk":       {map[string]string{identify: "", "/srv/seed/meta-data": "", "/boot/grub/grub.cfg": " linux /vmlinuz ro \"ds=nocloud;s=/srv/seed/\"\n"}, false},
		"ds= with a seed on a server":       {map[string]string{identify: "", "/boot/grub/grub.cfg": " linux /vmlinuz ro 'ds=nocloud-net;s=http://192.0.2.1/'\n"}, true},
		"cc: on the kernel's command line":  {map[string]string{identify: "", "/boot/grub/grub.cfg": " linux /vmlinuz ro cc:{'datasource_list':['OVF']}end_cc\n"}, true},
		"a policy on the command line":      {map[string]string{identify: "", identified: "policy: enabled\n", "/boot/grub/grub.cfg": " linux /vmlinuz ci.di.policy=disabled\n"}, false},
		"Ec2 that is not strict":            {map[string]string{identify: "", "/etc/cloud/cloud.cfg.d/99-ec2.cfg": "datasource:\n  Ec2:\n    strict_id: false\n"}, true},
		"Ec2 that is not strict, elsewhere": {map[string]string{identify: "", "/etc/cloud/cloud.cfg.d/99-x.cfg": "datasource:\n  Ec2:\n    strict_id: false\n"}, false},
		"NoCloud by configuration":          {map[string]string{sources: "datasource:\n  NoCloud:\n    meta-data: {}\n    user-data: x\n"}, false},
		"the cache is trusted, by a mark":   {map[string]string{"/var/lib/cloud/instance/manual-clean": ""}, false},
		"a machine without DMI":             {map[string]string{identify: "", "/lib/ld-linux-aarch64.so.1": ""}, true},
		"never set up":                      {map[string]string{"/var/lib/cloud/data/previous-datasource": gone, "/var/lib/cloud/data/previous-instance-id": gone}, false},
		"no cloud-init":                     {map[string]string{"/etc/cloud/cloud.cfg": gone}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{
				newSystemd: "", "/etc/cloud/cloud.cfg": "users:\n  - default\n", interfaces: ens192,
				"/var/lib/cloud/data/previous-datasource":  "DataSourceVMware: DataSourceVMware [seed=guestinfo]\n",
				"/var/lib/cloud/data/previous-instance-id": "iid-vm-0001\n",
			}
			maps.Copy(files, test.files)
			maps.DeleteFunc(files, func(_, text string) bool { return text == gone })
			tree := guesttest.New(t, files)
			for range 2 { // a second run changes nothing
				if err := Fix(edittest.Of(t, tree), nil); err != nil {
					t.Fatal(err)
				}
			}
			got, err := tree.ReadFile(cloudNetwork)
			if told := err == nil; told != test.told || told && string(got) != cloudNetworkText {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// TestCloudInitSetsUpANewInstance: its first boot does more to a new instance than
// the network, whether or not that is kept from it.
func TestCloudInitSetsUpANewInstance(t *testing.T) {
	t.Parallel()
	const keys, password, keepsKeys = "host keys", "password of its default user", "ssh_deletekeys"
	for name, test := range map[string]struct {
		files           map[string]string
		says, saysNot   []string
		remedy, without string
	}{
		"a new instance":      {nil, []string{keys, password}, nil, keepsKeys, gone},
		"network off already": {map[string]string{"/etc/cloud/cloud.cfg.d/99-n.cfg": "network: {config: disabled}\n"}, []string{keys, password}, nil, keepsKeys, gone},
		"no network file":     {map[string]string{interfaces: gone}, []string{keys, password}, nil, keepsKeys, gone},
		"keys are kept":       {map[string]string{"/etc/cloud/cloud.cfg.d/99-n.cfg": "ssh_deletekeys: false\n"}, []string{password}, []string{keys}, "manual_cache_clean", keepsKeys},
		"the cache is kept":   {map[string]string{"/etc/cloud/cloud.cfg.d/99-n.cfg": "manual_cache_clean: true\n"}, nil, nil, "", ""},
		"never set up":        {map[string]string{"/var/lib/cloud/data/previous-instance-id": gone}, nil, nil, "", ""},
		"off":                 {map[string]string{"/etc/cloud/cloud-init.disabled": ""}, nil, nil, "", ""},
		"the same instance":   {map[string]string{seedMeta: "", seedUser: ""}, nil, nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{
				newSystemd: "", "/etc/cloud/cloud.cfg": "users:\n  - default\n", interfaces: ens192, "/var/lib/cloud/data/previous-instance-id": "iid-vm-0001\n",
			}
			maps.Copy(files, test.files)
			maps.DeleteFunc(files, func(_, text string) bool { return text == gone })
			e := edittest.Of(t, guesttest.New(t, files))
			if err := Fix(e, nil); err != nil {
				t.Fatal(err)
			}
			_, warnings := e.Take()
			warnings = slices.DeleteFunc(warnings, func(w report.Warning) bool { return w.ID != report.ConcernCloudInit })
			if len(test.says) == 0 {
				if len(warnings) > 0 {
					t.Errorf("%+v", warnings)
				}
				return
			}
			if len(warnings) != 1 || !strings.Contains(warnings[0].Remedy, test.remedy) || strings.Contains(warnings[0].Remedy, test.without) {
				t.Fatalf("%+v", warnings)
			}
			for _, text := range append(test.says, test.saysNot...) {
				if got := strings.Contains(warnings[0].Message, text); got != slices.Contains(test.says, text) {
					t.Errorf("%q in %q: %t", text, warnings[0].Message, got)
				}
			}
		})
	}
}

// TestCloudInitNestedWithoutEnd: a guest's file must not take all of the time.
func TestCloudInitNestedWithoutEnd(t *testing.T) {
	t.Parallel()
	c := cloudInit{}
	c.readConfig("network: {config: disabled}\n")
	c.readConfig("network: {config: enabled}\nmanual_cache_clean: " + strings.Repeat("[", 100_000))
	if !c.networkDisabled {
		t.Error("what could not be read counts")
	}
}
