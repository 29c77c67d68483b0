package manifest_test

import "testing"

func TestValidateConvert(t *testing.T) {
	t.Parallel()
	const level, kind, cluster, space = "pipeline.convert.compress_level: ", "pipeline.convert.compression_type: ",
		"pipeline.convert.cluster_size: ", "pipeline.convert.preallocation: "
	for name, test := range map[string]struct {
		format, convert string
		want            []string
	}{
		"zlib without compress": {"qcow2", `{"compression_type": "zlib"}`, nil},
		"zstd":                  {"qcow2", `{"compress": true, "compression_type": "zstd", "compress_level": 9, "cluster_size": 2097152}`, nil},
		"zstd without compress": {"qcow2", `{"compression_type": "zstd"}`, []string{
			kind + `has no effect without compression: set compress to true, or leave it out`,
		}},
		"unknown type": {"qcow2", `{"compress": true, "compression_type": "zsdt"}`, []string{
			kind + `unknown compression type "zsdt": use one of zlib, zstd`,
		}},
		"level 9 of nothing": {"qcow2", `{"compress": false, "compress_level": 9}`, []string{
			level + `has no effect without compression: set compress to true, or leave it out`,
		}},
		"smallest clusters":  {"qcow2", `{"cluster_size": 512}`, nil},
		"clusters too small": {"qcow2", `{"cluster_size": 256}`, []string{cluster + `256 is no cluster size: use a power of two from 512 to 2097152 bytes`}},
		"clusters too large": {"qcow2", `{"cluster_size": 4194304}`, []string{cluster + `4194304 is no cluster size: use a power of two from 512 to 2097152 bytes`}},
		"odd clusters":       {"qcow2", `{"cluster_size": 65537}`, []string{cluster + `65537 is no cluster size: use a power of two from 512 to 2097152 bytes`}},
		"no clusters":        {"qcow2", `{"cluster_size": 0}`, []string{cluster + `0 is no cluster size: use a power of two from 512 to 2097152 bytes`}},
		"clusters of raw": {"raw", `{"cluster_size": 4096}`, []string{
			cluster + `the format raw has no clusters whose size can be chosen: set output.format to qcow2, or leave it out`,
		}},
		"qcow2, metadata": {"qcow2", `{"preallocation": "metadata"}`, nil},
		"qcow2, falloc":   {"qcow2", `{"preallocation": "falloc"}`, nil},
		"qcow2, full":     {"qcow2", `{"preallocation": "full"}`, nil},
		"raw, full":       {"raw", `{"preallocation": "full"}`, nil},
		"vdi, metadata":   {"vdi", `{"preallocation": "metadata"}`, nil},
		"raw, metadata":   {"raw", `{"preallocation": "metadata"}`, []string{space + `the format raw cannot be preallocated with "metadata": use one of off, falloc, full`}},
		"vdi, falloc":     {"vdi", `{"preallocation": "falloc"}`, []string{space + `the format vdi cannot be preallocated with "falloc": use one of off, metadata`}},
		"unknown":         {"vdi", `{"preallocation": "some"}`, []string{space + `unknown preallocation "some": use one of off, metadata, falloc, full`}},
		"compressed": {"qcow2", `{"compress": true, "preallocation": "metadata"}`, []string{
			space + `nobody knows before how much room compressed data takes: set compress to false, or preallocation to off`,
		}},
		"of a format that is unknown": {"vmdk", `{"cluster_size": 4096, "preallocation": "metadata", "compress": true}`, []string{
			`output.format: unsupported output format "vmdk": use one of qcow2, raw, vdi`,
			space + `nobody knows before how much room compressed data takes: set compress to false, or preallocation to off`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			members := map[string]string{
				"output":   `{"directory": "o", "format": "` + test.format + `"}`,
				"pipeline": `{"convert": ` + test.convert + `}`,
			}
			assertErrors(t, minimal(t, members), test.want)
		})
	}
}
