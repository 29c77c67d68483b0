package measure

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// wholeMigrations measures each way over a VMDK in turn. disk is nil where its
// size does not matter. A way that fails is left out of the rounds that follow.
func (b *Bench) wholeMigrations(ctx context.Context, name, source string, disk *disk, ways []string, rounds int) error {
	failed := map[string]error{}
	for round := 1; round <= rounds; round++ {
		for _, way := range ways {
			if failed[way] != nil {
				continue
			}
			err := b.sampleInto(results.Key{Case: name, Way: way, Round: round}, func(directory string) (results.Sample, error) {
				s, err := b.wholeMigration(ctx, way, source, directory)
				if disk != nil {
					s.VirtualBytes, s.LiveBytes = disk.virtual, disk.live
				}
				return s, err
			})
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				b.logf("FAILED: %v", err)
				failed[way] = err
			}
		}
	}
	return errors.Join(slices.Collect(maps.Values(failed))...)
}

func (b *Bench) wholeMigration(ctx context.Context, way, source, directory string) (results.Sample, error) {
	switch way {
	case results.Ours:
		return b.migrate(ctx, migration{sourceType: "vmdk", source: source, pipeline: allStages, directory: directory})
	case results.VirtV2V:
		return b.virtV2V(ctx, source, directory)
	default:
		return b.copyImage(ctx, source, "vmdk", filepath.Join(directory, imageName), "-W", "-m", "16")
	}
}

// virtV2V migrates with virt-v2v. Its appliance runs on what ours runs on.
func (b *Bench) virtV2V(ctx context.Context, source, directory string) (results.Sample, error) {
	image := filepath.Join(directory, "guest-sda")
	command := b.inRoot(directoriesOf(source, image), "-i", "disk", source, "-o", "local", "-os", directory, "-of", "qcow2", "-on", "guest")
	o, err := b.run(ctx, b.onSameAcceleration(), command...)
	if err != nil {
		return results.Sample{}, err
	}
	return sized(o, image)
}

// onSameAcceleration has the appliance of a program run on what ours runs on.
func (b *Bench) onSameAcceleration() []string {
	env := []string{"LIBGUESTFS_BACKEND=direct"}
	if b.machine.Acceleration == "tcg" {
		env = append(env, "LIBGUESTFS_BACKEND_SETTINGS=force_tcg")
	}
	return env
}

// copyImage copies with qemu-img convert.
func (b *Bench) copyImage(ctx context.Context, source, format, image string, options ...string) (results.Sample, error) {
	args := append([]string{"qemu-img", "convert", "-f", format, "-O", "qcow2"}, options...)
	o, err := b.run(ctx, nil, append(args, source, image)...)
	if err != nil {
		return results.Sample{}, err
	}
	return sized(o, image)
}

// sized is a measurement of a command that wrote an image.
func sized(o outcome, image string) (results.Sample, error) {
	info, err := os.Stat(image)
	if err != nil {
		return results.Sample{}, err
	}
	return results.Sample{Seconds: o.seconds, Watched: o.watched, Bytes: info.Size()}, nil
}
