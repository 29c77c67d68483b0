package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

type reportModel struct {
	Timestamp string                `tfsdk:"timestamp"`
	Success   bool                  `tfsdk:"success"`
	DryRun    bool                  `tfsdk:"dry_run"`
	Duration  float64               `tfsdk:"duration"`
	Stages    map[string]stageModel `tfsdk:"stages"`
	Warnings  []messageModel        `tfsdk:"warnings"`
	Errors    []messageModel        `tfsdk:"errors"`
	Summary   summaryModel          `tfsdk:"summary"`
}

type stageModel struct {
	Success  bool    `tfsdk:"success"`
	Duration float64 `tfsdk:"duration"`
	Error    *string `tfsdk:"error"`
}

type messageModel struct {
	Stage   string  `tfsdk:"stage"`
	Message string  `tfsdk:"message"`
	Remedy  *string `tfsdk:"remedy"`
}

type summaryModel struct {
	TotalStages      int `tfsdk:"total_stages"`
	SuccessfulStages int `tfsdk:"successful_stages"`
	FailedStages     int `tfsdk:"failed_stages"`
	TotalWarnings    int `tfsdk:"total_warnings"`
	TotalErrors      int `tfsdk:"total_errors"`
	TotalArtifacts   int `tfsdk:"total_artifacts"`
}

type artifactModel struct {
	Type        string  `tfsdk:"type"`
	Path        string  `tfsdk:"path"`
	Format      string  `tfsdk:"format"`
	SizeBytes   int64   `tfsdk:"size_bytes"`
	SizeHuman   string  `tfsdk:"size_human"`
	Compressed  bool    `tfsdk:"compressed"`
	VirtualSize *int64  `tfsdk:"virtual_size"`
	Checksum    *string `tfsdk:"checksum"`
}

// guestModel also reads the guest from the result of inspect, and the machine
// from that of load_manifest. What these do not have stays null.
type guestModel struct {
	machineModel

	Type        *string `json:"type" tfsdk:"type"`
	Distro      *string `json:"distro" tfsdk:"distro"`
	ProductName *string `json:"product_name" tfsdk:"product_name"`
	Version     *string `json:"version" tfsdk:"version"`
	Arch        *string `json:"arch" tfsdk:"arch"`
	Hostname    *string `json:"hostname" tfsdk:"hostname"`
	Firmware    *string `json:"firmware" tfsdk:"firmware"`
	DiskBus     *string `json:"disk_bus" tfsdk:"disk_bus"`
	NICModel    *string `json:"nic_model" tfsdk:"nic_model"`
	VirtualSize *int64  `json:"virtual_size" tfsdk:"virtual_size"`
}

// machineModel is what the descriptor of a package tells of the machine.
type machineModel struct {
	Name        *string           `json:"name" tfsdk:"name"`
	VCPUs       *int64            `json:"vcpus" tfsdk:"vcpus"`
	MemoryMiB   *int64            `json:"memory_mib" tfsdk:"memory_mib"`
	NICs        []nicModel        `json:"nics" tfsdk:"nics"`
	Controllers []controllerModel `json:"controllers" tfsdk:"controllers"`
}

type nicModel struct {
	Name    *string `json:"name" tfsdk:"name"`
	MAC     *string `json:"mac" tfsdk:"mac"`
	Network *string `json:"network" tfsdk:"network"`
	Model   *string `json:"model" tfsdk:"model"`
}

type controllerModel struct {
	Name  *string `json:"name" tfsdk:"name"`
	Bus   *string `json:"bus" tfsdk:"bus"`
	Model *string `json:"model" tfsdk:"model"`
}

// setResult fills the computed attributes from the report of the run.
func (m *migrationModel) setResult(ctx context.Context, rep *report.Report) (diags diag.Diagnostics) {
	computed := computedAttributes()
	object := func(name string, value any) types.Object {
		attributes := computed[name].(schema.SingleNestedAttribute).Attributes
		result, objectDiags := types.ObjectValueFrom(ctx, attributeTypes(attributes), value)
		diags.Append(objectDiags...)
		return result
	}
	m.Report = object("report", newReportModel(rep))
	guest, err := newGuestModel(rep)
	if err != nil {
		// The migration is done; this is no reason to call it failed.
		diags.AddWarning("Unable to read what is known about the guest", "The report has an unexpected form: "+err.Error())
	}
	m.Guest = object("guest", guest)
	m.SourceFingerprint = types.StringPointerValue(orNull(sourceFingerprint(sourceFiles(rep))))
	diags.Append(m.setImages(ctx, newArtifactModels(rep.Artifacts))...)
	return diags
}

func newReportModel(rep *report.Report) reportModel {
	stages := make(map[string]stageModel, len(rep.Pipeline.Stages))
	for _, stage := range rep.Pipeline.Stages {
		stages[stage.Name] = stageModel{Success: stage.Success, Duration: stage.Duration, Error: orNull(stage.Error)}
	}
	return reportModel{
		Timestamp: rep.Timestamp.UTC().Format(time.RFC3339),
		Success:   rep.Pipeline.Success,
		DryRun:    rep.Pipeline.DryRun,
		Duration:  rep.Pipeline.DurationSeconds,
		Stages:    stages,
		Warnings:  newMessageModels(rep.Warnings),
		Errors:    newMessageModels(rep.Errors),
		Summary:   summaryModel(rep.Summary),
	}
}

func newMessageModels(messages []report.Message) []messageModel {
	models := make([]messageModel, len(messages)) // an empty list, never null
	for i, message := range messages {
		models[i] = messageModel{Stage: message.Stage, Message: message.Message, Remedy: orNull(message.Remedy)}
	}
	return models
}

func newArtifactModels(artifacts []report.Artifact) []artifactModel {
	models := make([]artifactModel, len(artifacts))
	for i, artifact := range artifacts {
		models[i] = artifactModel{
			Type:        artifact.Type,
			Path:        artifact.Path,
			Format:      artifact.Format,
			SizeBytes:   artifact.SizeBytes,
			SizeHuman:   artifact.SizeHuman,
			Compressed:  artifact.Compressed,
			VirtualSize: orNull(artifact.VirtualSize),
		}
	}
	return models
}

func newGuestModel(rep *report.Report) (guestModel, error) {
	var inspected struct {
		Guest guestModel `json:"guest"`
	}
	var loaded struct {
		Machine machineModel `json:"machine"`
	}
	var fixed struct {
		DiskBus  *string `json:"disk_bus"`
		NICModel *string `json:"nic_model"`
	}
	err := errors.Join(
		stageResult(rep, report.StageInspect, &inspected),
		stageResult(rep, report.StageFix, &fixed),
		stageResult(rep, report.StageLoadManifest, &loaded))
	guest := inspected.Guest
	// What the guest boots from in the end was not known at inspection.
	guest.DiskBus, guest.NICModel = cmp.Or(fixed.DiskBus, guest.DiskBus), cmp.Or(fixed.NICModel, guest.NICModel)
	guest.machineModel = loaded.Machine
	// Empty lists can be iterated over; null ones cannot.
	guest.NICs = append([]nicModel{}, guest.NICs...)
	guest.Controllers = append([]controllerModel{}, guest.Controllers...)
	if guest.VirtualSize == nil && len(rep.Artifacts) > 0 {
		guest.VirtualSize = orNull(rep.Artifacts[0].VirtualSize)
	}
	return guest, err
}

// stageResult reads the result of a stage. One that did not run has none.
func stageResult(rep *report.Report, name string, into any) error {
	for _, stage := range rep.Pipeline.Stages {
		if stage.Name == name && len(stage.Result) > 0 {
			return json.Unmarshal(stage.Result, into)
		}
	}
	return nil
}

// orNull is nil for the zero value, which the framework stores as null.
func orNull[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}
