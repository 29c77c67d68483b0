package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// objectAsIs converts an object to a model whose fields can be null and unknown.
var objectAsIs = basetypes.ObjectAsOptions{}

// migrationModel is the resource. Its sections are objects and not structs,
// because each of them may be unknown as a whole.
type migrationModel struct {
	ID                 types.String   `tfsdk:"id"`
	Metadata           types.Object   `tfsdk:"metadata"`
	Source             types.Object   `tfsdk:"source"`
	Output             types.Object   `tfsdk:"output"`
	Pipeline           types.Object   `tfsdk:"pipeline"`
	Configuration      types.Object   `tfsdk:"configuration"`
	Options            types.Object   `tfsdk:"options"`
	Overwrite          types.Bool     `tfsdk:"overwrite"`
	DeletionProtection types.Bool     `tfsdk:"deletion_protection"`
	OnDestroy          types.String   `tfsdk:"on_destroy"`
	DriftDetection     types.String   `tfsdk:"drift_detection"`
	Triggers           types.Map      `tfsdk:"triggers"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
	OutputPath         types.String   `tfsdk:"output_path"`
	ReportPath         types.String   `tfsdk:"report_path"`
	SourceFingerprint  types.String   `tfsdk:"source_fingerprint"`
	Report             types.Object   `tfsdk:"report"`
	Artifacts          types.List     `tfsdk:"artifacts"`
	Guest              types.Object   `tfsdk:"guest"`
}

type metadataModel struct {
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	Tags        types.Set    `tfsdk:"tags"`
	Owner       types.String `tfsdk:"owner"`
	Created     types.String `tfsdk:"created"`
}

type sourceModel struct {
	Type            types.String `tfsdk:"type"`
	Path            types.String `tfsdk:"path"`
	VM              types.String `tfsdk:"vm"`
	Checksum        types.String `tfsdk:"checksum"`
	VerifyChecksums types.Bool   `tfsdk:"verify_checksums"`
	MaxVirtualSize  types.Int64  `tfsdk:"max_virtual_size"`
	Track           types.String `tfsdk:"track"`
	LUKSKeys        types.List   `tfsdk:"luks_keys"`
}

type luksKeyModel struct {
	Device  types.String `tfsdk:"device"`
	Key     types.String `tfsdk:"key"`
	KeyFile types.String `tfsdk:"key_file"`
}

type outputModel struct {
	Directory types.String `tfsdk:"directory"`
	Format    types.String `tfsdk:"format"`
	Filename  types.String `tfsdk:"filename"`
}

type pipelineModel struct {
	Inspect  types.Object `tfsdk:"inspect"`
	Fix      types.Object `tfsdk:"fix"`
	Convert  types.Object `tfsdk:"convert"`
	Validate types.Object `tfsdk:"validate"`
}

type inspectModel struct {
	Enabled          types.Bool `tfsdk:"enabled"`
	CollectGuestInfo types.Bool `tfsdk:"collect_guest_info"`
}

type fixModel struct {
	Enabled           types.Bool   `tfsdk:"enabled"`
	Backup            types.Bool   `tfsdk:"backup"`
	PrintFstab        types.Bool   `tfsdk:"print_fstab"`
	UpdateGrub        types.Bool   `tfsdk:"update_grub"`
	RegenInitramfs    types.Bool   `tfsdk:"regen_initramfs"`
	Initramfs         types.String `tfsdk:"initramfs"`
	FstabMode         types.String `tfsdk:"fstab_mode"`
	RemoveVMwareTools types.Bool   `tfsdk:"remove_vmware_tools"`
	Fsck              types.String `tfsdk:"fsck"`
}

type convertModel struct {
	Enabled         types.Bool   `tfsdk:"enabled"`
	Compress        types.Bool   `tfsdk:"compress"`
	CompressLevel   types.Int64  `tfsdk:"compress_level"`
	CompressionType types.String `tfsdk:"compression_type"`
	Preallocation   types.String `tfsdk:"preallocation"`
	ClusterSize     types.Int64  `tfsdk:"cluster_size"`
}

type validateModel struct {
	Enabled             types.Bool `tfsdk:"enabled"`
	CheckImageIntegrity types.Bool `tfsdk:"check_image_integrity"`
}

type configurationModel struct {
	Users     types.Object `tfsdk:"users"`
	Services  types.Object `tfsdk:"services"`
	Hostname  types.Object `tfsdk:"hostname"`
	MachineID types.String `tfsdk:"machine_id"`
	Network   types.Object `tfsdk:"network"`
	FirstBoot types.List   `tfsdk:"first_boot"`
}

type usersModel struct {
	Create  types.List `tfsdk:"create"`
	Disable types.Set  `tfsdk:"disable"`
	Delete  types.Set  `tfsdk:"delete"`
}

type userModel struct {
	Name              types.String `tfsdk:"name"`
	UID               types.Int64  `tfsdk:"uid"`
	GID               types.Int64  `tfsdk:"gid"`
	Comment           types.String `tfsdk:"comment"`
	Home              types.String `tfsdk:"home"`
	Password          types.String `tfsdk:"password"`
	PasswordWO        types.String `tfsdk:"password_wo"`
	PasswordWOVersion types.Int64  `tfsdk:"password_wo_version"`
	Groups            types.Set    `tfsdk:"groups"`
	Shell             types.String `tfsdk:"shell"`
	SSHAuthorizedKeys types.List   `tfsdk:"ssh_authorized_keys"`
	Sudo              types.List   `tfsdk:"sudo"`
}

type servicesModel struct {
	Enable  types.Set `tfsdk:"enable"`
	Disable types.Set `tfsdk:"disable"`
	Mask    types.Set `tfsdk:"mask"`
}

type hostnameModel struct {
	Hostname types.String `tfsdk:"hostname"`
	Domain   types.String `tfsdk:"domain"`
	Hosts    types.List   `tfsdk:"hosts"`
}

type hostModel struct {
	IP       types.String `tfsdk:"ip"`
	Hostname types.String `tfsdk:"hostname"`
}

type networkModel struct {
	SystemdNetworkd types.List `tfsdk:"systemd_networkd"`
	Netplan         types.List `tfsdk:"netplan"`
	NetworkManager  types.List `tfsdk:"network_manager"`
}

type networkFileModel struct {
	Filename types.String `tfsdk:"filename"`
	Content  types.String `tfsdk:"content"`
}

type scriptModel struct {
	Name    types.String `tfsdk:"name"`
	Content types.String `tfsdk:"content"`
}

type optionsModel struct {
	DryRun  types.Bool   `tfsdk:"dry_run"`
	Verbose types.Int64  `tfsdk:"verbose"`
	Report  types.Object `tfsdk:"report"`
}

type reportOptionsModel struct {
	Enabled types.Bool   `tfsdk:"enabled"`
	Path    types.String `tfsdk:"path"`
}
