package imagename

import "testing"

func TestPlain(t *testing.T) {
	t.Parallel()
	const window = `json:{"driver":"vmdk","file":{"driver":"raw","file":{"driver":"file","filename":"/x/web.ova"},"offset":1536,"size":9}}`
	for message, want := range map[string]string{
		"":                                    "",
		"Could not open 'a': No such file":    "Could not open 'a': No such file",
		"Could not open '" + window + "': no": "Could not open '/x/web.ova': no",
		window:                                "/x/web.ova",
		window + " and " + window:             "/x/web.ova and /x/web.ova",
		// What lies below stands first, as QEMU sorts it.
		`'json:{"backing": {"driver": "raw", "file": {"driver": "file", "filename": "/base"}}, "driver": "qcow2", "file": {"driver": "file", "filename": "/top"}}': bad`: `'/top': bad`,
		`'json:{"driver": "qcow2", "file.filename": "/flat"}': bad`:                             `'/flat': bad`,
		`'json:{"driver": "file", "filename": "/a \"b\" {c} it's"}': bad`:                       `'/a "b" {c} it's': bad`,
		`'json:{"driver": "vmdk", "file": {"driver": "file", "filename": "/cut", "off...': bad`: `'/cut': bad`,
		`'json:{"driver": "vmdk", "file": {"dri...': bad`:                                       `'the image': bad`,
		"json:{\"driver\": \"x\nnext":                                                           "the image\nnext",
		`json:{`:                                                                                "the image",
	} {
		if got := Plain(message); got != want {
			t.Errorf("%s\nbecomes %s\nnot     %s", message, got, want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add(`a json:{"file": {"filename": "/x\u0041"}} json:{ "`)
	f.Fuzz(func(t *testing.T, message string) {
		if len(Plain(message)) > 2*len(message)+len("the image") {
			t.Errorf("%q grows to %q", message, Plain(message))
		}
	})
}
