package pipeline_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
)

// TestRunLeaksNothingOfTheHost runs sources that reach for a file of the host
// and searches all that the runs leave and say for what is in it.
func TestRunLeaksNothingOfTheHost(t *testing.T) {
	t.Parallel()
	const canary = "canary of the host. "
	flat := func(name string) string {
		return "# Disk DescriptorFile\nversion=1\nCID=00000001\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW 2048 FLAT \"" + name + "\" 0\n"
	}
	// archive is a package whose only disk is the given member.
	archive := func(t *testing.T, path string, disk tar.Header, content string) string {
		t.Helper()
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		descriptor := describe([]packagedMachine{{name: "web", disks: []string{"one"}}})
		disk.Name, disk.Size, disk.Mode = "web-disk1.vmdk", int64(len(content)), 0o644
		for header, text := range map[*tar.Header]string{{Name: "web.ovf", Size: int64(len(descriptor)), Mode: 0o644}: descriptor, &disk: content} {
			if err := w.WriteHeader(header); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		write(t, path, out.String())
		return path
	}
	for name, test := range map[string]struct {
		kind  manifest.SourceType
		build func(t *testing.T, directory, secret string) string
	}{
		"vmdk extent": {manifest.SourceVMDK, func(t *testing.T, directory, secret string) string {
			write(t, filepath.Join(directory, "a.vmdk"), flat(secret))
			return filepath.Join(directory, "a.vmdk")
		}},
		"vmdk extent above": {manifest.SourceVMDK, func(t *testing.T, directory, secret string) string {
			relative, _ := filepath.Rel(directory, secret)
			write(t, filepath.Join(directory, "a.vmdk"), flat(relative))
			return filepath.Join(directory, "a.vmdk")
		}},
		"vmdk extent through a link": {manifest.SourceVMDK, func(t *testing.T, directory, secret string) string {
			if err := os.Symlink(secret, filepath.Join(directory, "a-flat.vmdk")); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(directory, "a.vmdk"), flat("a-flat.vmdk"))
			return filepath.Join(directory, "a.vmdk")
		}},
		"flat file whose descriptor names another": {manifest.SourceVMDK, func(t *testing.T, directory, secret string) string {
			write(t, filepath.Join(directory, "a-flat.vmdk"), strings.Repeat("x", 1<<20))
			write(t, filepath.Join(directory, "a.vmdk"), flat(secret))
			return filepath.Join(directory, "a-flat.vmdk")
		}},
		"qcow2 backing file": {manifest.SourceQCOW2, func(t *testing.T, directory, secret string) string {
			path := filepath.Join(directory, "a.qcow2")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", secret, path)
			return path
		}},
		"qcow2 backing file as json:": {manifest.SourceQCOW2, func(t *testing.T, directory, secret string) string {
			path := filepath.Join(directory, "a.qcow2")
			qemuImg(t, "create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", `json:{"driver":"raw","file":{"driver":"file","filename":"`+secret+`"}}`, path, "1M")
			return path
		}},
		"qcow2 data file": {manifest.SourceQCOW2, func(t *testing.T, directory, secret string) string {
			path, data := filepath.Join(directory, "a.qcow2"), filepath.Join(t.TempDir(), strings.Repeat("d", 20))
			qemuImg(t, "create", "-q", "-f", "qcow2", "-o", "data_file="+data+",data_file_raw=on", path, "1M")
			if err := os.Remove(data); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(secret, data); err != nil {
				t.Fatal(err)
			}
			return path
		}},
		"raw that is a qcow2": {manifest.SourceRaw, func(t *testing.T, directory, secret string) string {
			path := filepath.Join(directory, "a.img")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", secret, path)
			return path
		}},
		"symbolic link in an archive": {manifest.SourceOVA, func(t *testing.T, directory, secret string) string {
			return archive(t, filepath.Join(directory, "web.ova"), tar.Header{Typeflag: tar.TypeSymlink, Linkname: secret}, "")
		}},
		"hard link in an archive": {manifest.SourceOVA, func(t *testing.T, directory, secret string) string {
			return archive(t, filepath.Join(directory, "web.ova"), tar.Header{Typeflag: tar.TypeLink, Linkname: secret}, "")
		}},
		"disk of an archive on a file of the host": {manifest.SourceOVA, func(t *testing.T, directory, secret string) string {
			return archive(t, filepath.Join(directory, "web.ova"), tar.Header{}, flat(secret))
		}},
		"disk of a package above": {manifest.SourceOVF, func(t *testing.T, directory, secret string) string {
			relative, _ := filepath.Rel(directory, secret)
			descriptor := strings.ReplaceAll(describe([]packagedMachine{{name: "web", disks: []string{"one"}}}), `ovf:href="web-disk1.vmdk"`, `ovf:href="`+relative+`"`)
			descriptor = strings.ReplaceAll(descriptor, "vmdk.html#streamOptimized", "raw")
			write(t, filepath.Join(directory, "web.ovf"), descriptor)
			return filepath.Join(directory, "web.ovf")
		}},
		"external entity": {manifest.SourceOVF, func(t *testing.T, directory, secret string) string {
			write(t, filepath.Join(directory, "web.ovf"), fmt.Sprintf(
				`<?xml version="1.0"?><!DOCTYPE Envelope [<!ENTITY x SYSTEM "file://%s">]><Envelope>&x;</Envelope>`, secret))
			return filepath.Join(directory, "web.ovf")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			smallVMDK(t) // skips without qemu-img
			secret := filepath.Join(t.TempDir(), "secret")
			write(t, secret, strings.Repeat(canary, (2<<20)/len(canary)))
			output := t.TempDir()
			m := conversion(test.build(t, t.TempDir(), secret), output)
			m.Source.Type, m.Output.Format, m.Output.Filename = test.kind, manifest.FormatRaw, "out.raw"
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{})
			if err == nil {
				t.Error("it was accepted")
			} else if len(r.Errors) == 0 || r.Errors[0].Remedy == "" || strings.Contains(err.Error(), strings.TrimSpace(canary)) {
				t.Errorf("errors %+v", r.Errors)
			}
			err = filepath.WalkDir(output, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				content, err := os.ReadFile(path)
				if bytes.Contains(content, []byte(strings.TrimSpace(canary))) {
					t.Errorf("%s holds the host's file", path)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
