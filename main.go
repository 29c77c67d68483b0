// terraform-provider-hyper2kvm is the Terraform provider hyper2kvm/hyper2kvm
// and, given arguments or named hyper2kvm, the hyper2kvm command. The provider
// runs the command for each migration.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/cli"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/provider"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// address is where the Terraform registry has the provider.
const address = "registry.terraform.io/hyper2kvm/hyper2kvm"

// version is the release; the build sets it with -ldflags.
var version = "dev"

func main() {
	if cli.Wanted(os.Args) {
		os.Exit(cli.Main(version, migrate))
	}
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address:         address,
		Debug:           cli.WantsDebug(os.Args),
		ProtocolVersion: 6,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// migrate is the engine behind the command, which itself knows no guest: it can
// be built and tested without libguestfs.
func migrate(ctx context.Context, m *manifest.Manifest, o cli.EngineOptions) (*report.Report, error) {
	return pipeline.Run(ctx, m, pipeline.Options{
		WorkDirectory: o.WorkDirectory,
		Acceleration:  guest.Acceleration(o.Acceleration),
		Notify:        o.Notify,
	})
}
