package manifest

import _ "embed" // for the schema

//go:embed schema.json
var schema []byte

// Schema is the JSON Schema (draft 2020-12) of the manifest, for editors and
// other programs. It accepts no manifest that Decode refuses for its form; what
// only Decode checks (dates, addresses, names that clash) it leaves open.
func Schema() []byte { return append([]byte(nil), schema...) }
