package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func (r *configReader) configuration(at path.Path, value types.Object) *manifest.Configuration {
	var model configurationModel
	if !r.section(at, value, &model) {
		return nil
	}
	result := &manifest.Configuration{
		Users:     r.users(at.AtName("users"), model.Users),
		Services:  r.services(at.AtName("services"), model.Services),
		Hostname:  r.hostname(at.AtName("hostname"), model.Hostname),
		MachineID: manifest.MachineID(r.text(at.AtName("machine_id"), model.MachineID, "")),
		Network:   r.network(at.AtName("network"), model.Network),
	}
	r.sections(at.AtName("first_boot"), model.FirstBoot, func(at path.Path, value types.Object) {
		var script scriptModel
		r.section(at, value, &script)
		result.FirstBoot = append(result.FirstBoot, manifest.Script{
			Name:    r.text(at.AtName("name"), script.Name, ""),
			Content: r.text(at.AtName("content"), script.Content, ""),
		})
	})
	return result
}

func (r *configReader) users(at path.Path, value types.Object) *manifest.Users {
	var model usersModel
	if !r.section(at, value, &model) {
		return nil
	}
	result := &manifest.Users{
		Disable: r.texts(at.AtName("disable"), model.Disable),
		Delete:  r.texts(at.AtName("delete"), model.Delete),
	}
	r.sections(at.AtName("create"), model.Create, func(at path.Path, value types.Object) {
		result.Create = append(result.Create, r.user(at, value))
	})
	return result
}

func (r *configReader) user(at path.Path, value types.Object) manifest.User {
	var model userModel
	if !r.section(at, value, &model) {
		return manifest.User{}
	}
	return manifest.User{
		Name:              r.text(at.AtName("name"), model.Name, ""),
		UID:               r.optionalNumber(at.AtName("uid"), model.UID),
		GID:               r.optionalNumber(at.AtName("gid"), model.GID),
		Comment:           r.text(at.AtName("comment"), model.Comment, ""),
		Home:              r.text(at.AtName("home"), model.Home, ""),
		Password:          r.secret(at, "password", model.Password, model.PasswordWO),
		Groups:            r.texts(at.AtName("groups"), model.Groups),
		Shell:             r.text(at.AtName("shell"), model.Shell, ""),
		SSHAuthorizedKeys: r.texts(at.AtName("ssh_authorized_keys"), model.SSHAuthorizedKeys),
		Sudo:              r.texts(at.AtName("sudo"), model.Sudo),
	}
}

func (r *configReader) services(at path.Path, value types.Object) *manifest.Services {
	var model servicesModel
	if !r.section(at, value, &model) {
		return nil
	}
	return &manifest.Services{
		Enable:  r.texts(at.AtName("enable"), model.Enable),
		Disable: r.texts(at.AtName("disable"), model.Disable),
		Mask:    r.texts(at.AtName("mask"), model.Mask),
	}
}

func (r *configReader) hostname(at path.Path, value types.Object) *manifest.Hostname {
	var model hostnameModel
	if !r.section(at, value, &model) {
		return nil
	}
	result := &manifest.Hostname{
		Hostname: r.text(at.AtName("hostname"), model.Hostname, ""),
		Domain:   r.text(at.AtName("domain"), model.Domain, ""),
	}
	r.sections(at.AtName("hosts"), model.Hosts, func(at path.Path, value types.Object) {
		var host hostModel
		r.section(at, value, &host)
		result.Hosts = append(result.Hosts, manifest.Host{
			IP:       r.text(at.AtName("ip"), host.IP, ""),
			Hostname: r.text(at.AtName("hostname"), host.Hostname, ""),
		})
	})
	return result
}

func (r *configReader) network(at path.Path, value types.Object) *manifest.Network {
	var model networkModel
	if !r.section(at, value, &model) {
		return nil
	}
	return &manifest.Network{
		SystemdNetworkd: r.files(at.AtName("systemd_networkd"), model.SystemdNetworkd),
		Netplan:         r.files(at.AtName("netplan"), model.Netplan),
		NetworkManager:  r.files(at.AtName("network_manager"), model.NetworkManager),
	}
}

func (r *configReader) files(at path.Path, list types.List) []manifest.NetworkFile {
	var files []manifest.NetworkFile
	r.sections(at, list, func(at path.Path, value types.Object) {
		var file networkFileModel
		r.section(at, value, &file)
		files = append(files, manifest.NetworkFile{
			Filename: r.text(at.AtName("filename"), file.Filename, ""),
			Content:  r.text(at.AtName("content"), file.Content, ""),
		})
	})
	return files
}
