package pipeline

import (
	"context"
	"errors"
	"syscall"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/nbd"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qcow2"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// compress writes a compressed qcow2 image of from to path: internal/qcow2
// knows levels and is faster than qemu-img. QEMU still reads the source.
func compress(ctx context.Context, options manifest.Convert, from qemuimg.Image, path, work string, progress func(percent float64)) (failure error) {
	workers := qcow2.Workers()
	server, err := qemuimg.Serve(ctx, from, work, workers+1)
	if err != nil {
		return err
	}
	defer func() {
		// If the server failed, its own words say more than its clients'.
		if err := server.Close(); err != nil {
			failure = err
		}
	}()

	var clients []*nbd.Client
	defer func() {
		for _, client := range clients {
			failure = errors.Join(failure, client.Close())
		}
	}()
	for range workers + 1 {
		conn, err := server.Dial()
		if err != nil {
			return err
		}
		client, err := nbd.New(conn)
		if err != nil {
			return err
		}
		clients = append(clients, client)
	}

	o := qcow2.Options{
		Size:        clients[workers].Size(),
		Map:         allocation{clients[workers]},
		Compression: qcow2.Compression(options.CompressionType),
		Progress:    progress,
	}
	for _, client := range clients[:workers] {
		o.Readers = append(o.Readers, client)
	}
	if options.ClusterSize != nil {
		o.ClusterSize = int64(*options.ClusterSize)
	}
	if options.CompressLevel != nil {
		o.Level = *options.CompressLevel
	}
	err = qcow2.Write(ctx, path, o)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return remedy.With(err, spaceRemedy)
	}
	return err
}

// allocation is the map of a client's export.
type allocation struct{ client *nbd.Client }

// Extents implements qcow2.Map.
func (a allocation) Extents(off, length int64) ([]qcow2.Extent, error) {
	found, err := a.client.Extents(off, length)
	extents := make([]qcow2.Extent, len(found))
	for n, extent := range found {
		extents[n] = qcow2.Extent(extent)
	}
	return extents, err
}
