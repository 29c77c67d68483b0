module github.com/hyper2kvm/terraform-provider-hyper2kvm

go 1.26.0

// Generated with the C library and shipped by distributions only: see internal/adr/0001-libguestfs-binding.md.
require libguestfs.org/guestfs v0.0.0

require (
	// zstd clusters of qcow2 images, compressed with the C library
	github.com/DataDog/zstd v1.5.7
	// the nearest known name beside a misspelt one
	github.com/agext/levenshtein v1.2.3
	// unified diffs in the report
	github.com/aymanbagabas/go-udiff v0.4.1
	// newc archives, which initramfs images are made of
	github.com/cavaliergopher/cpio v1.0.1
	// columns that a text takes on a terminal, and the sequences that steer one
	github.com/charmbracelet/x/ansi v0.11.7
	// an emulated terminal, on which tests look at the command's output
	github.com/charmbracelet/x/vt v0.1.0
	// a terminal without a screen, for tests
	github.com/creack/pty v1.1.24
	// ISO 9660 images of virtio-win as a file tree, with the names of Rock Ridge: internal/adr/0050
	github.com/diskfs/go-diskfs v1.9.4
	// netplan files, edited with their comments kept
	github.com/goccy/go-yaml v1.19.2
	// locks that tell a living run from a dead one
	github.com/gofrs/flock v0.13.1
	// differences in tests
	github.com/google/go-cmp v0.7.0
	// run ids
	github.com/google/uuid v1.6.0
	// tests of the examples' HCL
	github.com/hashicorp/hcl/v2 v2.24.0
	// the provider, protocol 6
	github.com/hashicorp/terraform-plugin-framework v1.19.0
	// the timeouts attribute, as every provider has it
	github.com/hashicorp/terraform-plugin-framework-timeouts v0.7.0
	// validators of single attributes
	github.com/hashicorp/terraform-plugin-framework-validators v0.19.0
	// the protocol, for tests that speak it directly
	github.com/hashicorp/terraform-plugin-go v0.31.0
	// progress in Terraform's log
	github.com/hashicorp/terraform-plugin-log v0.11.0
	// acceptance tests under a real Terraform
	github.com/hashicorp/terraform-plugin-testing v1.16.0
	// zstd and fast gzip of initramfs images, zstd of packages
	github.com/klauspost/compress v1.20.3
	// lz4 initramfs images
	github.com/pierrec/lz4/v4 v4.1.33
	// proof that the manifest's JSON Schema says what the decoder does
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	// the command's flags and help
	github.com/spf13/cobra v1.10.2
	// xz and lzma initramfs images
	github.com/ulikunitz/xz v0.5.15
	// its ovf package, the types of OVF descriptors
	github.com/vmware/govmomi v0.52.0
	// what the examples' HCL says, in tests
	github.com/zclconf/go-cty v1.18.1
	// public keys in authorized_keys
	golang.org/x/crypto v0.58.0
	// renameat2, statfs, statx, rlimits
	golang.org/x/sys v0.50.0
	// the size of the terminal
	golang.org/x/term v0.48.0
	// txtar, file trees of guests in tests
	golang.org/x/tools v0.52.0
	// domain XML, from which the provider libvirt makes its attributes, in tests
	libvirt.org/go/libvirtxml v1.12008.0
	// /etc/default/grub is a shell script and is parsed as one
	mvdan.cc/sh/v3 v3.14.1
)

require (
	github.com/spf13/pflag v1.0.9
	golang.org/x/text v0.43.0
)

require (
	github.com/ProtonMail/go-crypto v1.4.1 // indirect
	github.com/apparentlymart/go-textseg/v15 v15.0.0 // indirect
	github.com/charmbracelet/colorprofile v0.4.2 // indirect
	github.com/charmbracelet/ultraviolet v0.0.0-20260303162955-0b88c25f3fff // indirect
	github.com/charmbracelet/x/exp/ordered v0.1.0 // indirect
	github.com/charmbracelet/x/term v0.2.2 // indirect
	github.com/charmbracelet/x/termios v0.1.1 // indirect
	github.com/charmbracelet/x/windows v0.2.2 // indirect
	github.com/clipperhouse/displaywidth v0.11.0 // indirect
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/cloudflare/circl v1.6.3 // indirect
	github.com/djherbis/times v1.6.0 // indirect
	github.com/fatih/color v1.18.0 // indirect
	github.com/golang/protobuf v1.5.4 // indirect
	github.com/hashicorp/errwrap v1.1.0 // indirect
	github.com/hashicorp/go-checkpoint v0.5.0 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-cty v1.5.0 // indirect
	github.com/hashicorp/go-hclog v1.6.3 // indirect
	github.com/hashicorp/go-multierror v1.1.1 // indirect
	github.com/hashicorp/go-plugin v1.7.0 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.8 // indirect
	github.com/hashicorp/go-uuid v1.0.3 // indirect
	github.com/hashicorp/go-version v1.9.0 // indirect
	github.com/hashicorp/hc-install v0.9.4 // indirect
	github.com/hashicorp/logutils v1.0.0 // indirect
	github.com/hashicorp/terraform-exec v0.25.1 // indirect
	github.com/hashicorp/terraform-json v0.27.2 // indirect
	github.com/hashicorp/terraform-plugin-sdk/v2 v2.40.0 // indirect
	github.com/hashicorp/terraform-registry-address v0.4.0 // indirect
	github.com/hashicorp/terraform-svchost v0.2.1 // indirect
	github.com/hashicorp/yamux v0.1.2 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/lucasb-eyer/go-colorful v1.4.0 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/mattn/go-runewidth v0.0.23 // indirect
	github.com/mitchellh/copystructure v1.2.0 // indirect
	github.com/mitchellh/go-testing-interface v1.14.1 // indirect
	github.com/mitchellh/go-wordwrap v1.0.1 // indirect
	github.com/mitchellh/mapstructure v1.5.0 // indirect
	github.com/mitchellh/reflectwalk v1.0.2 // indirect
	github.com/muesli/cancelreader v0.2.2 // indirect
	github.com/oklog/run v1.2.0 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/vmihailenco/msgpack v4.0.4+incompatible // indirect
	github.com/vmihailenco/msgpack/v5 v5.4.1 // indirect
	github.com/vmihailenco/tagparser/v2 v2.0.0 // indirect
	github.com/xo/terminfo v0.0.0-20220910002029-abceb7e1c41e // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/net v0.61.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	google.golang.org/appengine v1.6.8 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20251202230838-ff82c1b0f217 // indirect
	google.golang.org/grpc v1.79.3 // indirect
	google.golang.org/protobuf v1.36.11 // indirect
)

replace libguestfs.org/guestfs => ./internal/appliance/binding
