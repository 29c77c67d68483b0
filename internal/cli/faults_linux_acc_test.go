package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testmount"
)

// publishedFiles are what a migration leaves that went well.
var publishedFiles = []string{".report.json.hyper2kvm.json", ".web.qcow2.hyper2kvm.json", "report.json", "web.qcow2"}

// smallMigration is a migration of a small disk without an appliance.
func smallMigration(t *testing.T, directory, convert string) string {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("migrates many times: set TF_ACC=1 or run make testacc")
	}
	source := filepath.Join(t.TempDir(), "web.raw")
	content := make([]byte, 1<<20)
	copy(content[1<<19:], "the content of a small disk")
	secret := filepath.Join(filepath.Dir(source), "secret.raw")
	if err := errors.Join(os.WriteFile(source, content, 0o644), os.WriteFile(secret, content, 0o600)); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{
		"version": "1.0",
		"source": {"type": "raw", "path": %q},
		"output": {"directory": %q, "filename": "web.qcow2"},
		"pipeline": {"inspect": {"enabled": false}, "fix": {"enabled": false}, "convert": %s, "validate": {}}
	}`, source, directory, convert)
}

func entries(t *testing.T, directory string) []string {
	t.Helper()
	list, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, entry := range list {
		names = append(names, entry.Name())
	}
	return names
}

// leavesNothing checks a migration's end: with its files, or with nothing but the
// report of a failure.
func leavesNothing(t *testing.T, directory string, succeeded bool, out string) {
	t.Helper()
	left := entries(t, directory)
	if succeeded {
		if !slices.Equal(left, publishedFiles) {
			t.Errorf("a success left %q:\n%s", left, out)
		}
		return
	}
	if len(left) != 0 && !slices.Equal(left, []string{"report.json"}) {
		t.Errorf("a failure left %q:\n%s", left, out)
	}
	if slices.Contains(left, "report.json") {
		if r, err := report.Read(filepath.Join(directory, "report.json")); err != nil || r.Pipeline.Success || len(r.Errors) == 0 {
			t.Errorf("the report of a failure is %+v, %v", r, err)
		}
	}
}

// failure is what failed, without the names of files, which differ.
var failure = regexp.MustCompile(`^[^/]*`)

// TestAccFullFileSystem lets the space end at each step of a migration, once that
// for names and once that for content.
func TestAccFullFileSystem(t *testing.T) {
	for name, sizes := range map[string]struct {
		option            string
		first, step, most int
	}{
		"names": {"size=8m,nr_inodes=%d", 1, 1, 40},
		// It is not known before how large a compressed image becomes.
		"content": {"nr_inodes=1k,size=%dk", 4, 4, 600},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := testmount.Tmpfs(t, "size=4k") // all others lie over it
			manifest := smallMigration(t, directory, `{"compress": true}`)
			failures := map[string]bool{}
			for size := sizes.first; ; size += sizes.step {
				if size > sizes.most {
					t.Fatalf("nothing succeeds with %d", size)
				}
				unmount := testmount.TmpfsAt(t, directory, fmt.Sprintf(sizes.option, size))
				raw, err := realCommand(t, manifest).CombinedOutput()
				out := string(raw)
				leavesNothing(t, directory, err == nil, out)
				unmount()
				if err == nil {
					break
				}
				at := slices.IndexFunc(strings.Split(out, "\n"), func(line string) bool {
					return strings.Contains(strings.ToLower(line), "no space left on device") || strings.Contains(line, "insufficient disk space")
				})
				if at < 0 {
					t.Errorf("%s with %d does not say that the file system is full:\n%s", name, size, out)
					continue
				}
				failures[failure.FindString(strings.Split(out, "\n")[at])] = true
			}
			if len(failures) < 3 {
				t.Errorf("only these steps have failed: %q", slices.Collect(maps.Keys(failures)))
			}
		})
	}
}

// TestAccFaults has system calls fail as some file systems have them fail.
func TestAccFaults(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("needs strace")
	}
	for name, test := range map[string]struct {
		inject   []string
		in       string // the file, in the output directory, that the calls are about
		secret   bool   // the source is for its owner alone
		succeeds bool
		says     string
	}{
		"no flags of rename":            {inject: []string{"renameat2:error=EINVAL"}, succeeds: true},
		"no hard links":                 {inject: []string{"renameat2:error=EINVAL", "link,linkat:error=EPERM"}, succeeds: true},
		"no hard links, says another":   {inject: []string{"renameat2:error=ENOSYS", "link,linkat:error=EOPNOTSUPP"}, succeeds: true},
		"no more hard links":            {inject: []string{"renameat2:error=EINVAL", "link,linkat:error=EMLINK"}, says: "too many links"},
		"no birth time":                 {inject: []string{"statx:error=ENOSYS"}, succeeds: true},
		"no locks":                      {inject: []string{"flock:error=ENOLCK"}, says: "has no file locks; choose another directory"},
		"no locks at all":               {inject: []string{"flock:error=ENOSYS"}, says: "has no file locks; choose another directory"},
		"no modes":                      {inject: []string{"chmod,fchmod,fchmodat:error=EPERM"}, succeeds: true},
		"no modes, and a secret source": {inject: []string{"chmod,fchmod,fchmodat:error=EPERM"}, secret: true, succeeds: true, says: "others may read what this run writes"},
		"files that cannot be flushed":  {inject: []string{"fsync:error=EIO"}, says: "input/output error"},
		"directories cannot be flushed": {inject: []string{"fsync:error=EINVAL"}, in: ".", succeeds: true},
		"nothing can be read of it":     {inject: []string{"statfs:error=EIO"}, says: "input/output error"},
		"the image cannot be renamed":   {inject: []string{"renameat2:error=EIO"}, in: "web.qcow2", says: "input/output error"},
		"the record cannot be renamed":  {inject: []string{"renameat:error=EIO"}, in: ".web.qcow2.hyper2kvm.json", says: "input/output error"},
		"the report cannot be renamed":  {inject: []string{"renameat:error=EIO"}, in: "report.json", says: "input/output error"},
		"the report cannot be claimed":  {inject: []string{"renameat:error=EIO"}, in: ".report.json.hyper2kvm.json", says: "input/output error"},
		"progress cannot be told":       {inject: []string{"renameat2:error=EIO"}, in: "progress.json", succeeds: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			manifest, trace := smallMigration(t, directory, "{}"), filepath.Join(t.TempDir(), "trace")
			if test.secret {
				manifest = strings.ReplaceAll(manifest, "web.raw", "secret.raw")
			}
			cmd := realCommand(t, manifest)
			arguments := []string{"strace", "--follow-forks", "--quiet=all", "--output=" + trace}
			var calls []string
			if test.in != "" {
				arguments = append(arguments, "--trace-path="+filepath.Join(directory, test.in))
			}
			for _, fault := range test.inject {
				arguments = append(arguments, "--inject="+fault)
				names, _, _ := strings.Cut(fault, ":")
				calls = append(calls, names)
			}
			arguments = append(arguments, "--trace="+strings.Join(calls, ","))
			traced := exec.Command(arguments[0], append(arguments[1:], cmd.Args...)...)
			traced.Env = cmd.Env
			raw, err := traced.CombinedOutput()
			out := string(raw)
			if (err == nil) != test.succeeds || !strings.Contains(out, test.says) {
				t.Errorf("it ends with %v, and says:\n%s", err, out)
			}
			leavesNothing(t, directory, err == nil, out)
			if traced, err := os.ReadFile(trace); err != nil || !strings.Contains(string(traced), "(INJECTED)") {
				t.Errorf("no call has failed: %v\n%s", err, traced)
			}
		})
	}
}

// TestAccUmask runs migrations under umasks: no file is more readable than the
// umask lets it be, and the source does not make it so.
func TestAccUmask(t *testing.T) {
	for _, umask := range []fs.FileMode{0o022, 0o027, 0o077} {
		directory := t.TempDir()
		if err := os.Chmod(directory, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := realCommand(t, smallMigration(t, directory, "{}"))
		under := exec.Command("sh", append([]string{"-c", fmt.Sprintf(`umask %04o; exec "$@"`, umask), "sh"}, cmd.Args...)...)
		under.Env = cmd.Env
		if out, err := under.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, name := range publishedFiles {
			info, err := os.Stat(filepath.Join(directory, name))
			if err != nil || info.Mode().Perm() != 0o644&^umask {
				t.Errorf("under the umask %04o: %s: %v, %v", umask, name, info, err)
			}
		}
	}
}
