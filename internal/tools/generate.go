// Package tools generates the documentation in docs from the schemas, templates
// and examples. Its module keeps the generator's dependencies out of the
// provider's.
package tools

//go:generate terraform fmt -recursive ../../examples
//go:generate go tool tfplugindocs generate --provider-dir ../.. --provider-name hyper2kvm
