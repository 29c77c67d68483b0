package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Serve serves the provider, which the registry has at the address, until Terraform
// ends. With debug it serves whatever Terraform is told to use it, until it is
// interrupted.
func Serve(address string, create func() provider.Provider, debug bool) error {
	var options []tf6server.ServeOpt
	if debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve(address, func() tfprotov6.ProviderServer { return newServerOf(create()) }, options...)
}

// newServerOf is the provider as it is served.
func newServerOf(p provider.Provider) tfprotov6.ProviderServer {
	return newInterruptible(providerserver.NewProtocol6(p)())
}
