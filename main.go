// terraform-provider-hyper2kvm is the Terraform provider hyper2kvm/hyper2kvm
// and, given arguments or named hyper2kvm, the hyper2kvm command. The provider
// runs the command for each migration.
package main

import (
	"fmt"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/cli"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pluginprocess"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/provider"
)

// address is where the Terraform registry has the provider.
const address = "registry.terraform.io/hyper2kvm/hyper2kvm"

// version is the release; the build sets it with -ldflags.
var version = "dev"

func main() {
	if cli.Wanted(os.Args) {
		os.Exit(cli.Main(version, pipeline.Run))
	}
	release := func() {}
	if !cli.WantsDebug(os.Args) {
		pluginprocess.ReduceOverhead()
		var err error
		if release, err = pluginprocess.OwnSocketDirectory(); err != nil {
			// Terraform logs standard error, and shows the line that it finds on
			// standard output where it wants the socket's address.
			fmt.Println(err)
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		pluginprocess.ExitWithTerraform(release)
	}
	err := provider.Serve(address, provider.New(version), cli.WantsDebug(os.Args))
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
