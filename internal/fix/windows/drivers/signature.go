package drivers

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
)

// authorities are Microsoft's for drivers of the kernel, or begin so: what they certified
// is loaded by a Windows for 64 bits that nobody told to trust anything else. The first
// certified the authorities that vendors had their certificates from.
var authorities = []string{"Microsoft Code Verification Root", "Microsoft Windows Hardware Compatibility PCA", "Microsoft Windows Third Party Component CA"}

// certificate is the beginning of one of X.509. Those that test drivers are signed with
// break its rules, so that no more is asked of it.
type certificate struct {
	Raw     asn1.RawContent
	Content struct {
		Version      int `asn1:"optional,explicit,default:0,tag:0"`
		SerialNumber asn1.RawValue
		Algorithm    asn1.RawValue
		Issuer       asn1.RawValue
	}
}

// isMicrosofts says that an authority of Microsoft's certified it.
func (c certificate) isMicrosofts() bool {
	var names pkix.RDNSequence
	if _, err := asn1.Unmarshal(c.Content.Issuer.FullBytes, &names); err != nil {
		return false
	}
	var issuer pkix.Name
	issuer.FillFromRDNSequence(&names)
	return slices.ContainsFunc(authorities, func(name string) bool { return strings.HasPrefix(issuer.CommonName, name) })
}

// readCatalog says that a catalogue has a signature (PKCS #7), and a certificate of an
// authority of Microsoft's beside it. Whether they are true is not looked at. publisher
// is the certificate of whoever signed it, nil for Microsoft.
func readCatalog(catalog []byte) (signed bool, publisher []byte) {
	var content struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version      int
			Algorithms   asn1.RawValue `asn1:"set"`
			Content      asn1.RawValue
			Certificates asn1.RawValue `asn1:"optional,tag:0"`
			CRLs         asn1.RawValue `asn1:"optional,tag:1"`
			Signers      asn1.RawValue `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(catalog, &content); err != nil || len(content.Content.Signers.Bytes) == 0 {
		return false, nil
	}
	var signer struct {
		Version     int
		Certificate struct{ Issuer, SerialNumber asn1.RawValue }
	}
	if _, err := asn1.Unmarshal(content.Content.Signers.Bytes, &signer); err != nil {
		return false, nil
	}
	for rest := content.Content.Certificates.Bytes; len(rest) > 0; {
		var one certificate
		var err error
		if rest, err = asn1.Unmarshal(rest, &one); err != nil {
			return false, nil
		}
		signed = signed || one.isMicrosofts()
		if isSigner := bytes.Equal(one.Content.Issuer.FullBytes, signer.Certificate.Issuer.FullBytes) &&
			bytes.Equal(one.Content.SerialNumber.FullBytes, signer.Certificate.SerialNumber.FullBytes); isSigner && !one.isMicrosofts() {
			publisher = one.Raw
		}
	}
	return signed, publisher
}
