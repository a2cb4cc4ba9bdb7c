package admission

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"sync"
	"time"
)

// How long certificates hold. The one the server shows is made anew in memory
// when half of its time has passed; the authority's is made by guard manifests.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 30 * 24 * time.Hour
	clockSkew     = 5 * time.Minute
)

// An Authority signs the certificate the webhook shows to the API server, which
// trusts it through the caBundle of the webhook's configuration.
type Authority struct {
	Certificate []byte // PEM
	Key         []byte // PEM, PKCS #8
}

// NewAuthority makes an authority that holds for ten years from now on.
func NewAuthority(now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "bulkhead admission authority"},
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := sign(template, template, key, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &Authority{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, nil
}

// sign returns the certificate that template describes, DER.
func sign(template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
}

// parse returns the authority's certificate and key.
func (a *Authority) parse() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	pair, err := tls.X509KeyPair(a.Certificate, a.Key)
	if err != nil {
		return nil, nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, nil, errors.New("the authority's key is not an ECDSA key")
	}
	if !pair.Leaf.IsCA {
		return nil, nil, errors.New("the authority's certificate may not sign others")
	}
	return pair.Leaf, key, nil
}

// issue returns a certificate for a server of that name.
func (a *Authority) issue(host string, now time.Time) (*tls.Certificate, error) {
	parent, signer, err := a.parse()
	if err != nil {
		return nil, err
	}
	if now.After(parent.NotAfter) {
		return nil, fmt.Errorf("the authority's certificate held until %s", parent.NotAfter.Format(time.DateOnly))
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := sign(template, parent, key, signer)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// Certificates hands out the certificate a server shows. It reads its files
// again when they change and makes a new certificate before the old one ends,
// so that nothing has to be restarted. It is safe for concurrent use.
type Certificates struct {
	Certificate, Key string           // files, PEM: the server's own or, where Host is set, an authority's
	Host             string           // whom the authority's certificates are for; "" where the files are the server's own
	Now              func() time.Time // nil is time.Now

	mu        sync.Mutex
	read      [2][]byte // the files as last read
	current   *tls.Certificate
	lookAgain time.Time
}

// recheck is how long files are not looked at again.
const recheck = 10 * time.Second

// Get returns the certificate to show, as tls.Config.GetCertificate asks. Where
// a file has gone bad, the last good certificate is shown until it ends.
func (c *Certificates) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.Now != nil {
		now = c.Now()
	}
	if c.current != nil && now.Before(c.lookAgain) {
		return c.current, nil
	}
	c.lookAgain = now.Add(recheck)
	if err := c.renew(now); err != nil && (c.current == nil || now.After(c.current.Leaf.NotAfter)) {
		return nil, err
	}
	return c.current, nil
}

// renew makes or reads the certificate where that is due.
func (c *Certificates) renew(now time.Time) error {
	certificate, err := os.ReadFile(c.Certificate)
	if err != nil {
		return err
	}
	key, err := os.ReadFile(c.Key)
	if err != nil {
		return err
	}
	changed := !bytes.Equal(certificate, c.read[0]) || !bytes.Equal(key, c.read[1])
	aged := c.Host != "" && c.current != nil && c.current.Leaf.NotAfter.Sub(now) < leafLife/2
	if c.current != nil && !changed && !aged {
		return nil
	}
	var next *tls.Certificate
	if c.Host != "" {
		next, err = (&Authority{Certificate: certificate, Key: key}).issue(c.Host, now)
	} else {
		var pair tls.Certificate
		pair, err = tls.X509KeyPair(certificate, key)
		next = &pair
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.Certificate, err)
	}
	c.current, c.read = next, [2][]byte{certificate, key}
	return nil
}
