package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/presentation"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// maxPicture bounds, in bytes, the picture of a guest's screen that a page holds.
const maxPicture = 16 << 20

const reportLong = `Shows the report of a migration, the file report.json, to a person.

With --html it is one page that needs nothing beside it, with the picture of the
guest's screen in it where the guest was booted. The picture is looked for where
the report says, and then beside the report.

Exit codes:
    0  the report was shown
    2  the file is not there, or it is not a report`

// reportCommand is the command that shows a report.
func (c *Command) reportCommand() *cobra.Command {
	var html bool
	command := &cobra.Command{
		Use:   "report FILE",
		Short: "Show the report of a migration as text or as a page",
		Long:  reportLong,
		Example: `  hyper2kvm report report.json
  hyper2kvm report report.json --html > report.html`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return errors.New("report: give the path of one report")
			}
			return nil
		},
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(_ *cobra.Command, args []string) error { return c.showReport(args[0], html) },
	}
	command.Flags().BoolVar(&html, "html", false, "print one page of HTML")
	return command
}

func (c *Command) showReport(path string, html bool) error {
	found, err := report.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("report not found: %s", path)
	}
	if err != nil {
		return err
	}
	var text []byte
	if html {
		text, err = presentation.HTML(found, pictureOf(found, filepath.Dir(path)))
	} else {
		var plain string
		plain, err = presentation.Text(found)
		text = []byte(plain)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_, err = c.Stdout.Write(text)
	return err
}

// pictureOf reads the picture of the guest's screen. A report that moved has it
// beside itself.
func pictureOf(r *report.Report, directory string) presentation.Picture {
	became := bootOf(r)
	if became == nil || became.ScreenshotPath == "" {
		return presentation.Picture{}
	}
	path := became.ScreenshotPath
	text, first := readPicture(path)
	if first == nil {
		return presentation.Picture{PNG: text}
	}
	if text, err := readPicture(filepath.Join(directory, filepath.Base(path))); err == nil {
		return presentation.Picture{PNG: text}
	}
	return presentation.Picture{Missing: why(first)}
}

// why is an error without the name of the call that failed, which tells people
// nothing.
func why(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Path + ": " + failed.Err.Error()
	}
	return err.Error()
}

// readPicture reads a file that is a picture and nothing else: the report names it,
// and what it names must not get into a page unseen.
func readPicture(path string) (text []byte, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxPicture {
		return nil, fmt.Errorf("%s is no picture", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, file.Close()) }()
	text, err = io.ReadAll(io.LimitReader(file, maxPicture))
	if err != nil {
		return nil, err
	}
	if _, err := png.DecodeConfig(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("%s is no picture", path)
	}
	return text, nil
}
