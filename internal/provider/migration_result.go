package provider

import (
	"cmp"
	"context"
	"errors"
	"strings"
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

// guestModel is the guest, and the machine where its description tells of
// it. What the report does not tell is null.
type guestModel struct {
	machineModel

	Type        *string `tfsdk:"type"`
	Distro      *string `tfsdk:"distro"`
	ProductName *string `tfsdk:"product_name"`
	Version     *string `tfsdk:"version"`
	Arch        *string `tfsdk:"arch"`
	Hostname    *string `tfsdk:"hostname"`
	Firmware    *string `tfsdk:"firmware"`
	DiskBus     *string `tfsdk:"disk_bus"`
	NICModel    *string `tfsdk:"nic_model"`
	VirtualSize *int64  `tfsdk:"virtual_size"`
}

// machineModel is what the description of the old machine tells of it.
type machineModel struct {
	Name        *string           `tfsdk:"name"`
	VCPUs       *int64            `tfsdk:"vcpus"`
	MemoryMiB   *int64            `tfsdk:"memory_mib"`
	NICs        []nicModel        `tfsdk:"nics"`
	Controllers []controllerModel `tfsdk:"controllers"`
}

type nicModel struct {
	Name    *string `tfsdk:"name"`
	MAC     *string `tfsdk:"mac"`
	Network *string `tfsdk:"network"`
	Model   *string `tfsdk:"model"`
}

type controllerModel struct {
	Name  *string `tfsdk:"name"`
	Bus   *string `tfsdk:"bus"`
	Model *string `tfsdk:"model"`
}

// bootModel is what became of the guest when it was booted.
type bootModel struct {
	Verdict        string   `tfsdk:"verdict"`
	State          string   `tfsdk:"state"`
	Reason         *string  `tfsdk:"reason"`
	Seconds        float64  `tfsdk:"seconds"`
	Hostname       *string  `tfsdk:"hostname"`
	Addresses      []string `tfsdk:"addresses"`
	FailedUnits    []string `tfsdk:"failed_units"`
	LogPath        *string  `tfsdk:"log_path"`
	ScreenshotPath *string  `tfsdk:"screenshot_path"`
}

// newBootModel is nil, which is null, where the guest was not booted.
func newBootModel(rep *report.Report) (*bootModel, error) {
	validated, err := report.ResultOf[report.Validation](rep)
	became := validated.Boot
	if err != nil || became == nil {
		return nil, err
	}
	model := &bootModel{
		Verdict: became.Verdict, State: became.State, Reason: orNull(became.Reason), Seconds: became.Seconds,
		Addresses: []string{}, LogPath: orNull(became.LogPath), ScreenshotPath: orNull(became.ScreenshotPath),
	}
	if became.Guest == nil {
		for _, frames := range became.Frames {
			model.Addresses = append(model.Addresses, frames.Addresses...)
		}
		return model, nil
	}
	model.Hostname, model.FailedUnits = orNull(became.Guest.Hostname), append([]string{}, became.Guest.FailedUnits...)
	for _, card := range became.Guest.Cards {
		for _, prefix := range card.Addresses {
			address, _, _ := strings.Cut(prefix, "/")
			model.Addresses = append(model.Addresses, address)
		}
	}
	return model, nil
}

// setResult fills the computed attributes from the report of the run.
func (m *migrationModel) setResult(ctx context.Context, rep *report.Report) (diags diag.Diagnostics) {
	computed := computedAttributes()
	object := func(name string, value any) types.Object {
		attributes := must[schema.SingleNestedAttribute](computed[name]).Attributes
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
	m.Machine = object("machine", newHardwareModel(rep.NewMachine))
	concerns, concernDiags := types.ListValueFrom(ctx, concernType(), newConcernModels(rep.Concerns))
	diags.Append(concernDiags...)
	m.Concerns = concerns
	m.SourceFingerprint = types.StringPointerValue(orNull(sourceFingerprint(sourceFiles(rep))))
	diags.Append(m.setImages(ctx, newArtifactModels(report.Images(rep.Artifacts)))...)
	booted, err := newBootModel(rep)
	if err != nil {
		diags.AddWarning("Unable to read what became of the guest's boot", "The report has an unexpected form: "+err.Error())
	}
	m.Boot = object("boot", booted)
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
	loaded, loadErr := report.ResultOf[report.LoadResult](rep)
	inspected, inspectErr := report.ResultOf[report.Inspection](rep)
	fixed, fixErr := report.ResultOf[report.FixResult](rep)
	guest := inspected.Guest
	if guest.VirtualSize == 0 && len(rep.Artifacts) > 0 {
		guest.VirtualSize = rep.Artifacts[0].VirtualSize
	}
	return guestModel{
		machineModel: newMachineModel(loaded.Machine),
		Type:         orNull(guest.Type),
		Distro:       orNull(guest.Distro),
		ProductName:  orNull(guest.ProductName),
		Version:      orNull(guest.Version),
		Arch:         orNull(guest.Arch),
		Hostname:     orNull(guest.Hostname),
		Firmware:     orNull(guest.Firmware),
		// What the guest boots from in the end was not known at inspection.
		DiskBus:     orNull(cmp.Or(fixed.DiskBus, guest.DiskBus)),
		NICModel:    orNull(cmp.Or(fixed.NICModel, guest.NICModel)),
		VirtualSize: orNull(guest.VirtualSize),
	}, errors.Join(loadErr, inspectErr, fixErr)
}

// newMachineModel has empty lists where the report has none: those can be
// iterated over, and null ones cannot.
func newMachineModel(machine *report.Machine) machineModel {
	model := machineModel{NICs: []nicModel{}, Controllers: []controllerModel{}}
	if machine == nil {
		return model
	}
	model.Name, model.VCPUs, model.MemoryMiB = orNull(machine.Name), orNull(int64(machine.VCPUs)), orNull(machine.MemoryMiB)
	for _, nic := range machine.NICs {
		model.NICs = append(model.NICs, nicModel{
			Name: orNull(nic.Name), MAC: orNull(nic.MAC), Network: orNull(nic.Network), Model: orNull(nic.Model),
		})
	}
	for _, controller := range machine.Controllers {
		model.Controllers = append(model.Controllers, controllerModel{
			Name: orNull(controller.Name), Bus: orNull(controller.Bus), Model: orNull(controller.Model),
		})
	}
	return model
}

// orNull is nil for the zero value, which the framework stores as null.
func orNull[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}
