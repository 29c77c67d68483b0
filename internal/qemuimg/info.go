package qemuimg

import (
	"context"
	"encoding/json"
	"fmt"
)

// Info is what QEMU knows of an image. Sizes are in bytes.
type Info struct {
	Filename    string `json:"filename"`
	Format      string `json:"format"`
	VirtualSize int64  `json:"virtual-size"`
	// ActualSize is what the image takes on disk.
	ActualSize  int64 `json:"actual-size"`
	ClusterSize int64 `json:"cluster-size"`
	Encrypted   bool  `json:"encrypted"`
	// Dirty says that the image was not closed by whoever wrote it.
	Dirty bool `json:"dirty-flag"`
	// Backing is the backing file as the image names it, BackingPath how QEMU
	// understands that, and BackingFormat its format where the image tells it.
	Backing       string       `json:"backing-filename"`
	BackingPath   string       `json:"full-backing-filename"`
	BackingFormat string       `json:"backing-filename-format"`
	Snapshots     []Snapshot   `json:"snapshots"`
	Specific      SpecificInfo `json:"format-specific"`
}

// Snapshot is a snapshot inside the image.
type Snapshot struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// SpecificInfo is what only some formats have.
type SpecificInfo struct {
	Type string `json:"type"`
	Data struct {
		CreateType string `json:"create-type"`
		DataFile   string `json:"data-file"`
		Corrupt    bool   `json:"corrupt"`
		Extents    []struct {
			Filename string `json:"filename"`
			Format   string `json:"format"`
		} `json:"extents"`
	} `json:"data"`
}

// GetInfo reads an image's headers and not those below it, under limits of
// memory and time. The image may be in use by others.
func GetInfo(ctx context.Context, image Image) (Info, error) {
	var info Info
	if image.Backing != nil {
		// qemu-img info opens no backing file and refuses a description of one.
		image.Backing, image.Standalone = nil, true
	}
	err := decodeInfo(ctx, image, &info)
	return info, err
}

// GetInfoChain reads the headers of an image and of all the images below it,
// topmost first.
func GetInfoChain(ctx context.Context, image Image) ([]Info, error) {
	var chain []Info
	if image.Backing != nil {
		top, err := GetInfo(ctx, image)
		if err != nil {
			return nil, err
		}
		below, err := GetInfoChain(ctx, *image.Backing)
		return append([]Info{top}, below...), err
	}
	err := decodeInfo(ctx, image, &chain, "--backing-chain")
	return chain, err
}

func decodeInfo(ctx context.Context, image Image, into any, flags ...string) error {
	filename, err := image.Filename()
	if err != nil {
		return err
	}
	args := append([]string{"info", "-U", "--output=json", "-f", image.Format}, flags...)
	c := command{
		action: fmt.Sprintf("reading the headers of %s as %s", image.Path, image.Format),
		args:   append(args, filename),
		limits: &headerLimits,
	}
	stdout, err := c.output(ctx)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(stdout, into); err != nil {
		return fmt.Errorf("%s: qemu-img printed no valid JSON: %w", c.action, err)
	}
	return nil
}
