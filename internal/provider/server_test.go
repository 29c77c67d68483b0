package provider

import (
	"context"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// unknownText stands for an unknown value in the JSON of a test.
const unknownText = "(unknown)"

// server drives the provider over its protocol, as Terraform does.
type server struct {
	t      *testing.T
	wire   tfprotov6.ProviderServer
	typ    tftypes.Object
	config *tfprotov6.DynamicValue // of the provider
}

func newServer(t *testing.T, p *hyper2kvmProvider, config string) *server {
	t.Helper()
	wire := newServerOf(p)
	schemas, err := wire.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, wire: wire, typ: objectType(t, schemas.ResourceSchemas["hyper2kvm_migration"])}
	providerType := objectType(t, schemas.Provider)
	s.config = s.encode(providerType, value(t, providerType, decode(t, config)))
	s.begin()
	return s
}

// begin configures the provider, as Terraform does for each plan and apply.
func (s *server) begin() {
	s.t.Helper()
	configured, err := s.wire.ConfigureProvider(s.t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.11.4", Config: s.config})
	if err != nil {
		s.t.Fatal(err)
	}
	s.noErrors(configured.Diagnostics)
}

func objectType(t *testing.T, schema *tfprotov6.Schema) tftypes.Object {
	t.Helper()
	typ, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		t.Fatalf("schema is no object but %s", schema.ValueType())
	}
	return typ
}

// validate is `terraform validate` of a configuration in JSON.
func (s *server) validate(config string) []*tfprotov6.Diagnostic {
	s.t.Helper()
	resp, err := s.wire.ValidateResourceConfig(s.t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: "hyper2kvm_migration",
		Config:   s.encode(s.typ, value(s.t, s.typ, decode(s.t, config))),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{
			WriteOnlyAttributesAllowed: true,
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.Diagnostics
}

// instance is a resource in state.
type instance struct {
	state   tftypes.Value
	private []byte
}

// plan is `terraform plan`. prior is the zero value for a resource that does
// not exist.
func (s *server) plan(prior instance, config string) (*tfprotov6.PlanResourceChangeResponse, tftypes.Value) {
	s.t.Helper()
	s.begin()
	return s.planBeside(prior, config)
}

// planBeside plans one more resource in the same `terraform plan`.
func (s *server) planBeside(prior instance, config string) (*tfprotov6.PlanResourceChangeResponse, tftypes.Value) {
	s.t.Helper()
	if prior.state.Type() == nil {
		prior.state = tftypes.NewValue(s.typ, nil)
	}
	configured := value(s.t, s.typ, decode(s.t, config))
	resp, err := s.wire.PlanResourceChange(s.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName:         "hyper2kvm_migration",
		PriorState:       s.encode(s.typ, prior.state),
		ProposedNewState: s.encode(s.typ, s.propose(prior.state, configured)),
		Config:           s.encode(s.typ, configured),
		PriorPrivate:     prior.private,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.PlannedState == nil {
		return resp, tftypes.Value{}
	}
	return resp, s.decode(resp.PlannedState)
}

// importState is `terraform import` by an id, or by an identity in JSON.
func (s *server) importState(id, identity string) (instance, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	req := &tfprotov6.ImportResourceStateRequest{TypeName: "hyper2kvm_migration", ID: id}
	if identity != "" {
		typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"path": tftypes.String, "host_id": tftypes.String}}
		req.Identity = &tfprotov6.ResourceIdentityData{IdentityData: s.encode(typ, value(s.t, typ, decode(s.t, identity)))}
	}
	resp, err := s.wire.ImportResourceState(s.t.Context(), req)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(resp.ImportedResources) != 1 {
		return instance{}, resp.Diagnostics
	}
	imported := resp.ImportedResources[0]
	return instance{s.decode(imported.State), imported.Private}, resp.Diagnostics
}

// planDestroy is `terraform plan -destroy`.
func (s *server) planDestroy(now instance) []*tfprotov6.Diagnostic {
	s.t.Helper()
	nothing := s.encode(s.typ, tftypes.NewValue(s.typ, nil))
	resp, err := s.wire.PlanResourceChange(s.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: "hyper2kvm_migration", PriorState: s.encode(s.typ, now.state), ProposedNewState: nothing, Config: nothing, PriorPrivate: now.private,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.Diagnostics
}

// propose does what Terraform does for attributes at the top level, which is
// where the computed ones without defaults are: they keep their state.
func (s *server) propose(prior, config tftypes.Value) tftypes.Value {
	s.t.Helper()
	config = withoutKeys(s.t, config)
	if prior.IsNull() {
		return config
	}
	before, now := s.object(prior), s.object(config)
	for name, attribute := range now {
		if attribute.IsNull() && slices.Contains(slices.Collect(maps.Keys(computedAttributes())), name) {
			now[name] = before[name]
		}
	}
	return tftypes.NewValue(s.typ, now)
}

// withoutKeys takes the write-only values out, as Terraform does.
func withoutKeys(t *testing.T, config tftypes.Value) tftypes.Value {
	t.Helper()
	bare, err := tftypes.Transform(config, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if step := at.LastStep(); step == tftypes.AttributeName("key") {
			return tftypes.NewValue(v.Type(), nil), nil
		}
		return v, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bare
}

// apply is `terraform apply` of a configuration for a resource that does not
// exist yet, or for one that is updated in place.
func (s *server) apply(ctx context.Context, prior instance, config string) (instance, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	plan, _ := s.plan(prior, config)
	s.noErrors(plan.Diagnostics)
	return s.applyPlan(ctx, prior, plan, config)
}

// applyPlan is `terraform apply` of a saved plan.
func (s *server) applyPlan(ctx context.Context, prior instance, plan *tfprotov6.PlanResourceChangeResponse, config string) (instance, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	if prior.state.Type() == nil {
		prior.state = tftypes.NewValue(s.typ, nil)
	}
	resp, err := s.wire.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName:       "hyper2kvm_migration",
		PriorState:     s.encode(s.typ, prior.state),
		PlannedState:   plan.PlannedState,
		PlannedPrivate: plan.PlannedPrivate,
		Config:         s.encode(s.typ, value(s.t, s.typ, decode(s.t, config))),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return instance{s.decode(resp.NewState), resp.Private}, resp.Diagnostics
}

// refresh is `terraform refresh`.
func (s *server) refresh(now instance) (instance, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	resp, err := s.wire.ReadResource(s.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: "hyper2kvm_migration", CurrentState: s.encode(s.typ, now.state), Private: now.private,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return instance{s.decode(resp.NewState), resp.Private}, resp.Diagnostics
}

// destroy is `terraform destroy`.
func (s *server) destroy(now instance) []*tfprotov6.Diagnostic {
	s.t.Helper()
	nothing := s.encode(s.typ, tftypes.NewValue(s.typ, nil))
	resp, err := s.wire.ApplyResourceChange(s.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: "hyper2kvm_migration", PriorState: s.encode(s.typ, now.state), PlannedState: nothing, Config: nothing, PlannedPrivate: now.private,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.Diagnostics
}

func (s *server) noErrors(diags []*tfprotov6.Diagnostic) {
	s.t.Helper()
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			s.t.Fatalf("%s: %s (%s)", d.Summary, d.Detail, d.Attribute)
		}
	}
}

func (s *server) encode(typ tftypes.Type, v tftypes.Value) *tfprotov6.DynamicValue {
	s.t.Helper()
	encoded, err := tfprotov6.NewDynamicValue(typ, v)
	if err != nil {
		s.t.Fatal(err)
	}
	return &encoded
}

func (s *server) decode(encoded *tfprotov6.DynamicValue) tftypes.Value {
	s.t.Helper()
	v, err := encoded.Unmarshal(s.typ)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *server) object(v tftypes.Value) map[string]tftypes.Value {
	s.t.Helper()
	var attributes map[string]tftypes.Value
	if err := v.As(&attributes); err != nil {
		s.t.Fatal(err)
	}
	return attributes
}

func decode(t *testing.T, text string) any {
	t.Helper()
	var decoded any
	if err := json.Unmarshal([]byte(text), &decoded); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return decoded
}

// value builds a value of a type from JSON. What is left out is null.
func value(t *testing.T, typ tftypes.Type, from any) tftypes.Value {
	t.Helper()
	if from == unknownText {
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	}
	if from == nil {
		return tftypes.NewValue(typ, nil)
	}
	list := func(element tftypes.Type) []tftypes.Value {
		values := []tftypes.Value{}
		for _, one := range must[[]any](from) {
			values = append(values, value(t, element, one))
		}
		return values
	}
	switch typ := typ.(type) {
	case tftypes.Object:
		attributes := map[string]tftypes.Value{}
		given := maps.Clone(must[map[string]any](from))
		for name, attribute := range typ.AttributeTypes {
			attributes[name] = value(t, attribute, given[name])
			delete(given, name)
		}
		for name := range given {
			t.Fatalf("the schema has no attribute %q", name)
		}
		return tftypes.NewValue(typ, attributes)
	case tftypes.List:
		return tftypes.NewValue(typ, list(typ.ElementType))
	case tftypes.Set:
		return tftypes.NewValue(typ, list(typ.ElementType))
	case tftypes.Map:
		elements := map[string]tftypes.Value{}
		for name, element := range must[map[string]any](from) {
			elements[name] = value(t, typ.ElementType, element)
		}
		return tftypes.NewValue(typ, elements)
	}
	if number, ok := from.(float64); ok {
		return tftypes.NewValue(typ, big.NewFloat(number))
	}
	return tftypes.NewValue(typ, from)
}

// plain is the opposite of value, for comparing and printing.
func plain(t *testing.T, v tftypes.Value) any {
	t.Helper()
	switch {
	case !v.IsKnown():
		return unknownText
	case v.IsNull():
		return nil
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	switch typ := v.Type(); {
	case typ.Is(tftypes.Object{}), typ.Is(tftypes.Map{}):
		var attributes map[string]tftypes.Value
		must(v.As(&attributes))
		result := map[string]any{}
		for name, attribute := range attributes {
			result[name] = plain(t, attribute)
		}
		return result
	case typ.Is(tftypes.List{}), typ.Is(tftypes.Set{}):
		var elements []tftypes.Value
		must(v.As(&elements))
		result := []any{}
		for _, element := range elements {
			result = append(result, plain(t, element))
		}
		return result
	case typ.Is(tftypes.Bool):
		var result bool
		must(v.As(&result))
		return result
	case typ.Is(tftypes.Number):
		var result big.Float
		must(v.As(&result))
		number, _ := result.Float64()
		return number
	}
	var result string
	must(v.As(&result))
	return result
}

// at is the plain value of the attribute at a path such as "report.success".
func at(t *testing.T, v tftypes.Value, path string) any {
	t.Helper()
	current := plain(t, v)
	for step := range strings.SplitSeq(path, ".") {
		object, ok := current.(map[string]any)
		if !ok {
			t.Fatalf("%s: %v is no object", path, current)
		}
		current, ok = object[step]
		if !ok {
			t.Fatalf("%s: there is no %s", path, step)
		}
	}
	return current
}

// texts are the diagnostics as "severity path: summary: detail" lines.
func texts(diags []*tfprotov6.Diagnostic) []string {
	var result []string
	for _, d := range diags {
		at := ""
		if d.Attribute != nil {
			at = " " + d.Attribute.String()
		}
		result = append(result, d.Severity.String()+at+": "+d.Summary+": "+d.Detail)
	}
	return result
}
