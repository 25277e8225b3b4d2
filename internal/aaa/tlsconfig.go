// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"

	"holdfast/radius"
)

// tlsPortDefault is that of RadSec (RFC 6614 §2.1).
const tlsPortDefault = 2083

// errCongested is a connection whose peer does not read.
var errCongested = errors.New("aaa: the connection is congested")

// errNotWanted is a connection that ended before anything came.
var errNotWanted = errors.New("aaa: the server has ended the connection without a word: does it trust our certificate, does it know our address?")

// errNoCertificates is a CA file without any.
var errNoCertificates = errors.New("no certificate in it")

// tlsKey names how a server is reached over TLS.
type tlsKey struct {
	address netip.Addr
	tls     radius.TLS
}

// tlsConfigs is the configuration of each connection over TLS. It is never changed.
type tlsConfigs map[tlsKey]*tls.Config

func tlsKeyOf(s *radius.Server) tlsKey {
	if s == nil || s.TLS == nil {
		return tlsKey{}
	}
	return tlsKey{s.Address, *s.TLS}
}

func tlsPortOf(t *radius.TLS) uint16 {
	if t.Port == 0 {
		return tlsPortDefault
	}
	return t.Port
}

// loadTLS reads the certificates of servers that are reached over TLS.
func loadTLS(servers []*radius.Server) (tlsConfigs, error) {
	configs := make(tlsConfigs)
	for _, s := range servers {
		if s.TLS == nil {
			continue
		}
		cfg, err := tlsConfig(s)
		if err != nil {
			return nil, fmt.Errorf("radius-server %v: tls: %w", s.Address, err)
		}
		configs[tlsKeyOf(s)] = cfg
	}
	return configs, nil
}

func tlsConfig(s *radius.Server) (*tls.Config, error) {
	t := s.TLS
	cfg := &tls.Config{ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if cfg.ServerName == "" {
		cfg.ServerName = s.Address.String()
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: %w", t.CAFile, errNoCertificates)
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}
