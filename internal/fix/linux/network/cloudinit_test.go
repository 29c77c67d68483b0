package network

import (
	"maps"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

const (
	identify   = "/usr/lib/cloud-init/ds-identify"
	identified = "/etc/cloud/ds-identify.cfg"
	sources    = "/etc/cloud/cloud.cfg.d/99-vmware.cfg"
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
		"a seed on the disk":                    {map[string]string{"/var/lib/cloud/seed/nocloud/meta-data": "instance-id: a\n"}, false},
		"never set up":                          {map[string]string{"/var/lib/cloud/data/previous-datasource": gone, "/var/lib/cloud/data/previous-instance-id": gone}, false},
		"no cloud-init":                         {map[string]string{"/etc/cloud/cloud.cfg": gone}, false},
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
