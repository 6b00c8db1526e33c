// Package simulator runs a simulated ServiceNow instance and a simulated Kibana on loopback, wired to each other: a
// connector in the one creates incidents in the other. Tests use it in process; cmd/servicenow-simulator runs it by
// itself.
package simulator

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/seed"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// Options says what to start. The zero value listens on two free loopback ports over plain HTTP.
type Options struct {
	ServiceNow servicenow.Options
	Kibana     kibana.Options

	ServiceNowAddress string // host:port; default 127.0.0.1:0
	KibanaAddress     string // host:port; default 127.0.0.1:0
	// Dictionary replaces the tables' columns by those of an instance; nil changes nothing.
	Dictionary *dictionary.File
	// Seed fills both servers at the start, and again at each reset; nil adds nothing.
	Seed *seed.Seed
	// Latency delays each request of both servers, but for those below /simulator/.
	Latency time.Duration
	// TLS serves HTTPS with a certificate that CACertificate returns; Kibana's connectors trust it.
	TLS bool
}

// Simulator is a running pair of servers. Close ends it.
type Simulator struct {
	ServiceNow *servicenow.Server
	Kibana     *kibana.Server
	// KibanaFaults misbehaves in front of Kibana; ServiceNow has its own in ServiceNow.Faults.
	KibanaFaults *fault.Injector

	serviceNowURL, kibanaURL string
	caPEM                    string
	servers                  []*http.Server
}

// Start listens and serves until Close.
func Start(opts Options) (*Simulator, error) {
	sim := &Simulator{}
	if _, err := servicenow.ParseRelease(string(opts.ServiceNow.Release)); err != nil {
		return nil, fmt.Errorf("simulated ServiceNow: %w", err)
	}
	var tlsConfig *tls.Config
	scheme := "http"
	if opts.TLS {
		config, caPEM, err := selfSigned()
		if err != nil {
			return nil, fmt.Errorf("simulator certificate: %w", err)
		}
		tlsConfig, sim.caPEM, scheme = config, caPEM, "https"
		if opts.Kibana.HTTPClient == nil {
			pool := x509.NewCertPool()
			pool.AppendCertsFromPEM([]byte(caPEM))
			opts.Kibana.HTTPClient = &http.Client{Timeout: time.Minute, Transport: &http.Transport{
				ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			}}
		}
	}
	sim.ServiceNow = servicenow.New(opts.ServiceNow)
	for _, id := range opts.ServiceNow.Apps {
		if err := sim.ServiceNow.Install(id, ""); err != nil { // is there already, unless the catalogue lacks it
			return nil, fmt.Errorf("simulated ServiceNow: %w", err)
		}
	}
	kibanaServer, err := kibana.New(opts.Kibana)
	if err != nil {
		return nil, fmt.Errorf("simulated Kibana: %w", err)
	}
	sim.Kibana = kibanaServer
	sim.KibanaFaults = fault.New(fault.Options{ErrorBody: kibanaErrorBody, Clock: opts.Kibana.Clock})
	if err := sim.fill(opts); err != nil {
		return nil, err
	}
	snHandler, kibanaHandler := sim.handlers(opts.Latency)
	snAddress, err := sim.serve(opts.ServiceNowAddress, snHandler, tlsConfig)
	if err != nil {
		return nil, fmt.Errorf("simulated ServiceNow: %w", err)
	}
	kibanaAddress, err := sim.serve(opts.KibanaAddress, kibanaHandler, tlsConfig)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("simulated Kibana: %w", err), sim.Close())
	}
	sim.serviceNowURL = scheme + "://" + snAddress
	sim.kibanaURL = scheme + "://" + kibanaAddress + strings.TrimSuffix(opts.Kibana.BasePath, "/")
	sim.ServiceNow.SetURL(sim.serviceNowURL)
	return sim, nil
}

// fill shapes both servers as the options want them, and makes that the state that a reset goes back to.
func (sim *Simulator) fill(opts Options) error {
	if opts.Dictionary != nil {
		if err := sim.ServiceNow.UseDictionary(opts.Dictionary); err != nil {
			return err
		}
	}
	if opts.Seed != nil {
		if err := opts.Seed.Apply(sim.ServiceNow, sim.Kibana, sim.KibanaFaults); err != nil {
			return err
		}
	}
	sim.ServiceNow.KeepAsStart()
	sim.Kibana.KeepAsStart()
	return nil
}

func (sim *Simulator) serve(address string, handler http.Handler, tlsConfig *tls.Config) (string, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, TLSConfig: tlsConfig.Clone()}
	sim.servers = append(sim.servers, server)
	go func() {
		// Close makes Serve return ErrServerClosed; a listener that dies earlier shows in every client's error.
		if tlsConfig != nil {
			_ = server.ServeTLS(listener, "", "")
			return
		}
		_ = server.Serve(listener)
	}()
	return reachable(listener.Addr()), nil
}

// reachable is an address that a client can dial: a server that listens on all addresses is reached by loopback.
func reachable(bound net.Addr) string {
	tcp, ok := bound.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return bound.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
}

// ServiceNowURL is the instance's base URL, without a trailing slash.
func (sim *Simulator) ServiceNowURL() string { return sim.serviceNowURL }

// KibanaURL is Kibana's base URL with its base path, without a trailing slash.
func (sim *Simulator) KibanaURL() string { return sim.kibanaURL }

// CACertificate is the PEM of the certificate that both servers present; empty without Options.TLS.
func (sim *Simulator) CACertificate() string { return sim.caPEM }

// Close stops both servers and drops their connections.
func (sim *Simulator) Close() error {
	var errs []error
	for _, server := range sim.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}

func kibanaErrorBody(status int) []byte {
	body, err := json.Marshal(map[string]any{
		"statusCode": status, "error": http.StatusText(status),
		"message": http.StatusText(status),
	})
	if err != nil {
		return nil
	}
	return body
}

// selfSigned makes a certificate for loopback names, valid for a day.
func selfSigned() (*tls.Config, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "terraform-provider-servicenow simulator"},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true,
		BasicConstraintsValid: true,
		DNSNames:              []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, "", err
	}
	certificate := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	caPEM := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return &tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
	}, caPEM, nil
}
