package driverstest

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync"
	"testing/fstest"
	"time"
)

// Signature is what a catalogue is signed with.
type Signature string

// The kinds of signatures that releases of virtio-win have: none, one of Microsoft's, one
// of the vendor's for which Microsoft vouches, and ones for tests.
const (
	Unsigned    Signature = ""
	ByMicrosoft Signature = "Microsoft Windows Hardware Compatibility Publisher"
	ByVendor    Signature = "Red Hat, Inc."
	ByTest      Signature = "Red Hat Inc."
	ByKit       Signature = "WDKTestCert me,133000000000000000"
)

// chains are the certificates of catalogues, by name: each is certified by the next, and
// the last by itself, or by one that is not in the catalogue.
var chains = map[Signature][]string{
	ByMicrosoft: {string(ByMicrosoft), "Microsoft Windows Third Party Component CA 2014", "Microsoft Root Certificate Authority 2010"},
	ByVendor:    {string(ByVendor), "VeriSign Class 3 Code Signing 2010 CA", "VeriSign Class 3 Public Primary Certification Authority - G5", "Microsoft Code Verification Root"},
	ByTest:      {string(ByTest), string(ByTest)},
	ByKit:       {string(ByKit), string(ByKit)},
}

// Catalog is a catalogue of signatures, which signs nothing.
func Catalog(by Signature) *fstest.MapFile { return file(catalogs()[by]) }

// catalogs are those of all kinds, made once.
var catalogs = sync.OnceValue(func() map[Signature]string {
	made := map[Signature]string{Unsigned: catalog(nil)}
	for by, chain := range chains {
		made[by] = catalog(chain)
	}
	return made
})

func catalog(chain []string) string {
	type issuerAndNumber struct {
		Issuer       asn1.RawValue
		SerialNumber *big.Int
	}
	type signer struct {
		Version     int
		Certificate issuerAndNumber
	}
	type algorithm struct{ Version int }
	type signedData struct {
		Version      int
		Algorithms   []algorithm `asn1:"set"`
		Content      algorithm
		Certificates []asn1.RawValue `asn1:"optional,omitempty,set,tag:0"`
		Signers      []signer        `asn1:"set"`
	}
	content := struct {
		Type    asn1.ObjectIdentifier
		Content signedData `asn1:"explicit,tag:0"`
	}{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, Content: signedData{Version: 1}}
	for n := range max(len(chain)-1, 0) {
		made := certificate(chain[n], chain[n+1])
		// Not in the order of the chain: the signer is to be told by its name and number.
		content.Content.Certificates = append([]asn1.RawValue{{FullBytes: made.Raw}}, content.Content.Certificates...)
		if n == 0 {
			content.Content.Signers = []signer{{1, issuerAndNumber{asn1.RawValue{FullBytes: made.RawIssuer}, made.SerialNumber}}}
		}
	}
	data, err := asn1.Marshal(content)
	if err != nil {
		panic(err) // a constant
	}
	return string(data)
}

// certificate is the same at each call.
func certificate(subject, issuer string) *x509.Certificate {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	date := time.Date(2022, 1, 13, 0, 0, 0, 0, time.UTC)
	template := &x509.Certificate{SerialNumber: big.NewInt(int64(len(subject))), Subject: pkix.Name{CommonName: subject}, NotBefore: date, NotAfter: date.AddDate(17, 0, 0)}
	data, err := x509.CreateCertificate(nil, template, &x509.Certificate{Subject: pkix.Name{CommonName: issuer}}, key.Public(), key)
	if err != nil {
		panic(err) // a constant
	}
	made, err := x509.ParseCertificate(data)
	if err != nil {
		panic(err)
	}
	return made
}
