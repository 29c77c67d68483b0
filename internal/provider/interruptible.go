package provider

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// interruptible refuses what would begin something once Terraform was interrupted.
// The server below it cancels the requests that it has then, and no other one: what
// Terraform has sent in the same moment would run to its end, which takes hours.
type interruptible struct {
	tfprotov6.ProviderServer

	mu        sync.Mutex
	run       context.Context // of Terraform, until it is interrupted
	interrupt context.CancelFunc
}

func newInterruptible(server tfprotov6.ProviderServer) *interruptible {
	s := &interruptible{ProviderServer: server}
	s.run, s.interrupt = context.WithCancel(context.Background())
	return s
}

// StopProvider is called when Terraform is interrupted.
func (s *interruptible) StopProvider(ctx context.Context, req *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	s.mu.Lock()
	s.interrupt()
	s.mu.Unlock()
	return s.ProviderServer.StopProvider(ctx, req)
}

// ConfigureProvider begins another run of Terraform, where one process serves several.
func (s *interruptible) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	s.mu.Lock()
	if s.run.Err() != nil {
		s.run, s.interrupt = context.WithCancel(context.Background())
	}
	s.mu.Unlock()
	return s.ProviderServer.ConfigureProvider(ctx, req)
}

// begin gives a request a context that ends when Terraform is interrupted; ok is false
// where it was already. The function must be called when the request ends.
func (s *interruptible) begin(ctx context.Context) (_ context.Context, end func(), ok bool) {
	s.mu.Lock()
	run := s.run
	s.mu.Unlock()
	if run.Err() != nil {
		return ctx, func() {}, false
	}
	ctx, cancel := context.WithCancel(ctx)
	forget := context.AfterFunc(run, cancel)
	return ctx, func() { forget(); cancel() }, true
}

func refusal() []*tfprotov6.Diagnostic {
	return []*tfprotov6.Diagnostic{{
		Severity: tfprotov6.DiagnosticSeverityError,
		Summary:  "Interrupted",
		Detail:   "Terraform was interrupted before this was begun, and nothing was done. Run Terraform again.",
	}}
}

// ApplyResourceChange creates, changes or deletes nothing any more: the state stays
// what it was.
func (s *interruptible) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	ctx, end, ok := s.begin(ctx)
	defer end()
	if ok {
		return s.ProviderServer.ApplyResourceChange(ctx, req)
	}
	resp := &tfprotov6.ApplyResourceChangeResponse{NewState: req.PriorState, Diagnostics: refusal()}
	if prior := req.PriorState; prior != nil {
		if isNull, err := prior.IsNull(); err == nil && !isNull {
			resp.Private, resp.NewIdentity = req.PlannedPrivate, req.PlannedIdentity
		}
	}
	return resp, nil
}

// PlanResourceChange asks the host nothing any more.
func (s *interruptible) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	ctx, end, ok := s.begin(ctx)
	defer end()
	if ok {
		return s.ProviderServer.PlanResourceChange(ctx, req)
	}
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.PriorState, PlannedPrivate: req.PriorPrivate, PlannedIdentity: req.PriorIdentity, Diagnostics: refusal()}, nil
}

// ReadResource reads no image any more.
func (s *interruptible) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	ctx, end, ok := s.begin(ctx)
	defer end()
	if ok {
		return s.ProviderServer.ReadResource(ctx, req)
	}
	return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: req.Private, NewIdentity: req.CurrentIdentity, Diagnostics: refusal()}, nil
}

// ImportResourceState reads no image any more.
func (s *interruptible) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	ctx, end, ok := s.begin(ctx)
	defer end()
	if ok {
		return s.ProviderServer.ImportResourceState(ctx, req)
	}
	return &tfprotov6.ImportResourceStateResponse{Diagnostics: refusal()}, nil
}

// ReadDataSource inspects nothing any more.
func (s *interruptible) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	ctx, end, ok := s.begin(ctx)
	defer end()
	if ok {
		return s.ProviderServer.ReadDataSource(ctx, req)
	}
	return &tfprotov6.ReadDataSourceResponse{Diagnostics: refusal()}, nil
}
