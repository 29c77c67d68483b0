package inject

// keepFromCloudInit writes a file that keeps cloud-init from undoing what was
// injected, in guests where it runs.
func keepFromCloudInit(p *plan, name, content, description string) {
	if !p.exists("/etc/cloud/cloud.cfg") || p.exists("/etc/cloud/cloud-init.disabled") {
		return
	}
	p.writeText("/etc/cloud/cloud.cfg.d/"+name, content, description)
}
