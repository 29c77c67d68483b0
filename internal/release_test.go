package internal

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// oldestC is the oldest C library that a release starts with: adr/0043.
const oldestC = "GLIBC_2.17"

// newerThan compares versions of glibc, such as "GLIBC_2.3.2".
func newerThan(version, limit string) bool {
	numbers := func(version string) (read []int) {
		_, version, _ = strings.Cut(version, "_")
		for part := range strings.SplitSeq(version, ".") {
			number, err := strconv.Atoi(part)
			if err != nil {
				return []int{1 << 30} // such as GLIBC_PRIVATE, which no other version has
			}
			read = append(read, number)
		}
		return read
	}
	return slices.Compare(numbers(version), numbers(limit)) > 0
}

func TestNewerThan(t *testing.T) {
	t.Parallel()
	for version, newer := range map[string]bool{
		"GLIBC_2.2.5": false, "GLIBC_2.14": false, "GLIBC_2.17": false, "GLIBC_2.17.1": true, "GLIBC_2.34": true, "GLIBC_PRIVATE": true,
	} {
		if got := newerThan(version, "GLIBC_2.17"); got != newer {
			t.Errorf("%s: %t", version, got)
		}
	}
}

// checkReleased reads of a program which libraries it needs, and which versions.
func checkReleased(t *testing.T, path string) {
	t.Helper()
	program, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Close() }()
	symbols, err := program.ImportedSymbols()
	if err != nil {
		t.Fatal(err)
	}
	engine := false
	for _, symbol := range symbols {
		if strings.HasPrefix(symbol.Version, "GLIBC_") && newerThan(symbol.Version, oldestC) {
			t.Errorf("%s needs %s of %s, which is newer than %s", path, symbol.Name, symbol.Version, oldestC)
		}
		engine = engine || symbol.Name == "guestfs_launch"
	}
	if !engine {
		t.Errorf("%s has no engine", path)
	}
	libraries, err := program.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	part := []string{"libc.so.6", "libdl.so.2", "libpthread.so.0", "libresolv.so.2", "ld-linux-aarch64.so.1"}
	for _, library := range libraries {
		if !slices.Contains(part, library) {
			t.Errorf("%s needs %s, which is no part of the C library", path, library)
		}
	}
}

// TestAccRelease builds the programs for Linux as they are released: they need an
// old C library and nothing else, and are the same from another folder.
func TestAccRelease(t *testing.T) {
	if os.Getenv("TF_ACC") == "" || os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("part of the full matrix: set TF_ACC=1 and HYPER2KVM_TEST_FULL=1, or run make testacc-full")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	build := func(t *testing.T, root, architecture string) string {
		t.Helper()
		output := filepath.Join(t.TempDir(), architecture)
		command := exec.CommandContext(t.Context(), filepath.Join(root, "internal", "tools", "build-release"), architecture, output, "1.2.3")
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("building for %s: %v\n%s", architecture, err, out)
		}
		checkReleased(t, output)
		return output
	}
	t.Run("arm64", func(t *testing.T) {
		if _, err := exec.LookPath("aarch64-linux-gnu-gcc"); err != nil {
			t.Skip("there is no compiler for arm64: make release-dependencies installs it")
		}
		build(t, root, "arm64")
	})
	t.Run("amd64", func(t *testing.T) {
		if _, err := exec.LookPath("x86_64-linux-gnu-gcc"); err != nil {
			t.Skip("there is no compiler for amd64")
		}
		program := build(t, root, "amd64")
		out, err := exec.CommandContext(t.Context(), program, "--version").CombinedOutput()
		if want := "hyper2kvm version 1.2.3\n"; err != nil || string(out) != want {
			t.Errorf("--version: %v, %q", err, out)
		}
		applyFromMirror(t, program)
		applyOnDebian(t, program)
		other := filepath.Join(t.TempDir(), "other")
		copied := exec.CommandContext(t.Context(), "cp", "-a", root, other)
		if out, err := copied.CombinedOutput(); err != nil {
			t.Fatalf("copying the sources: %v\n%s", err, out)
		}
		first, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(build(t, other, "amd64"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("two builds from two folders differ (%d and %d bytes)", len(first), len(second))
		}
	})
}

// mirrored is a configuration whose migration needs no libguestfs.
const mirrored = `
terraform {
  required_providers {
    hyper2kvm = {
      source  = "hyper2kvm/hyper2kvm"
      version = "1.2.3"
    }
  }
}
resource "hyper2kvm_migration" "disk" {
  source   = { type = "raw", path = "disk.raw" }
  output   = { directory = "images" }
  pipeline = { convert = {}, validate = {} }
}
`

// writeMirror writes a program as a zip as releases have it, and a configuration that
// migrates with it, to a directory that Terraform sees as seenAs.
func writeMirror(t *testing.T, directory, seenAs, program string) {
	t.Helper()
	write := func(name string, text []byte) {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a test's own
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // for a user of its own
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	header := &zip.FileHeader{Name: "terraform-provider-hyper2kvm_v1.2.3", Method: zip.Deflate}
	header.SetMode(0o755)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	write("mirror/registry.terraform.io/hyper2kvm/hyper2kvm/terraform-provider-hyper2kvm_1.2.3_linux_amd64.zip", packed.Bytes())
	write("terraformrc", fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", seenAs+"/mirror"))
	write("main.tf", []byte(mirrored))
	write("disk.raw", make([]byte, 1<<20))
}

// checkMirrored applies and looks for the image. terraform makes the command.
func checkMirrored(t *testing.T, directory string, terraform func(arguments ...string) *exec.Cmd) {
	t.Helper()
	for _, arguments := range [][]string{{"init"}, {"apply", "-auto-approve"}} {
		if out, err := terraform(append(arguments, "-input=false", "-no-color")...).CombinedOutput(); err != nil {
			t.Fatalf("terraform %v: %v\n%s", arguments, err, out)
		}
	}
	images, err := filepath.Glob(filepath.Join(directory, "images", "*.qcow2"))
	if err != nil || len(images) != 1 {
		t.Errorf("the migration made %q, %v", images, err)
	}
}

// applyFromMirror installs a program from a zip as releases have it, and migrates.
func applyFromMirror(t *testing.T, program string) {
	t.Helper()
	for _, needed := range []string{"terraform", "qemu-img"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skipf("%s is not installed", needed)
		}
	}
	directory := t.TempDir()
	writeMirror(t, directory, directory, program)
	checkMirrored(t, directory, func(arguments ...string) *exec.Cmd {
		command := exec.CommandContext(t.Context(), "terraform", arguments...)
		command.Dir = directory
		command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(directory, "terraformrc"))
		return command
	})
}

// applyOnDebian does the same on hosts without compilers and libguestfs, as a user
// without privileges and without a network.
func applyOnDebian(t *testing.T, program string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make the root of a host and to change into it")
	}
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not installed")
	}
	for _, suite := range []testguest.Suite{testguest.Bullseye, testguest.Bookworm, testguest.Trixie} {
		t.Run(string(suite), func(t *testing.T) {
			tar, err := testguest.HostRoot(t.Context(), suite, []string{"qemu-utils"})
			if err != nil {
				t.Fatal(err)
			}
			root := t.TempDir()
			work := filepath.Join(root, "work")
			for _, words := range [][]string{
				{"tar", "-xf", tar, "-C", root}, {"chmod", "0755", root}, {"install", "-m", "0755", terraform, filepath.Join(root, "usr/local/bin")},
			} {
				if out, err := exec.CommandContext(t.Context(), words[0], words[1:]...).CombinedOutput(); err != nil { //nolint:gosec // a test's own
					t.Fatalf("%v: %v\n%s", words, err, out)
				}
			}
			writeMirror(t, work, "/work", program)
			if out, err := exec.CommandContext(t.Context(), "chown", "-R", "1000", work).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			checkMirrored(t, work, func(arguments ...string) *exec.Cmd {
				const script = `mount -t proc proc "$1/proc" && root=$1 && shift && exec chroot --userspec=1000:1000 --groups= "$root" /usr/bin/env -i -C /work \
					PATH=/usr/local/bin:/usr/bin:/bin HOME=/work CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/work/terraformrc terraform "$@"`
				words := []string{"--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", script, "sh", root}
				return exec.CommandContext(t.Context(), "unshare", append(words, arguments...)...)
			})
		})
	}
}

// TestReleaseIsBuiltAsTested compares the flags of GoReleaser with those that
// TestAccRelease tests.
func TestReleaseIsBuiltAsTested(t *testing.T) {
	t.Parallel()
	var config struct {
		Builds []struct {
			ID      string `yaml:"id"`
			Flags   []string
			LDFlags string `yaml:"ldflags"`
			Hooks   struct{ Post string }
		}
	}
	readYAML(t, "../.goreleaser.yaml", &config)
	script, err := os.ReadFile("tools/build-release")
	if err != nil {
		t.Fatal(err)
	}
	for _, build := range config.Builds {
		if build.ID != "linux" {
			continue
		}
		flags := strings.Join(build.Flags, " ") + ` -ldflags "` + strings.ReplaceAll(build.LDFlags, "{{ .Version }}", "$version") + `"`
		if !strings.Contains(string(script), "go build "+flags+" ") {
			t.Errorf("GoReleaser builds with %s", flags)
		}
		if want := "internal/tools/load-libguestfs-late {{ .Path }}"; build.Hooks.Post != want {
			t.Errorf("after building GoReleaser runs %q", build.Hooks.Post)
		}
		return
	}
	t.Error("GoReleaser builds nothing called linux")
}
