package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"syscall"
	"time"
)

// newTransport makes the innermost link: connections, TLS, proxies. It asks for gzip and undoes it.
func newTransport(s settings, maxConnections int) *http.Transport {
	t := &http.Transport{
		Proxy:                 exceptLoopback(http.ProxyFromEnvironment),
		DialContext:           dialLocalhost(&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}),
		TLSClientConfig:       s.tls,
		TLSHandshakeTimeout:   15 * time.Second,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
		// Every request that may be in flight keeps its connection; the default of two would dial anew for the others.
		MaxIdleConns:           maxConnections,
		MaxIdleConnsPerHost:    maxConnections,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
		// A connection that died without a word is found by a ping, not by the timeouts of all the requests on it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode != http.StatusOK {
				return &proxyError{status: resp.StatusCode}
			}
			return nil
		},
	}
	if s.proxy != nil {
		t.Proxy = exceptLoopback(http.ProxyURL(s.proxy))
	}
	return t
}

// exceptLoopback keeps what is meant for this machine, credentials over plain http included, on it.
func exceptLoopback(proxy func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(req *http.Request) (*url.URL, error) {
		if isLoopback(req.URL.Hostname()) {
			return nil, nil
		}
		return proxy(req)
	}
}

// dialLocalhost asks no resolver where localhost is.
func dialLocalhost(dialer *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || !isLocalhost(host) {
			return dialer.DialContext(ctx, network, address)
		}
		connection, err := dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			return connection, nil
		}
		if connection, err := dialer.DialContext(ctx, network, net.JoinHostPort("::1", port)); err == nil {
			return connection, nil
		}
		return nil, err
	}
}

// headerTransport adds the headers that every request carries. It is inside the log, since a configured header may be
// a gateway's secret.
type headerTransport struct {
	next    http.RoundTripper
	headers http.Header
}

func (t *headerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for name, values := range t.headers {
		req.Header[name] = values
	}
	return t.next.RoundTrip(req)
}

// redirectError is a redirect that was not followed.
type redirectError struct{ reason string }

func (e *redirectError) Error() string { return e.reason }

// checkRedirect follows a redirect only for a GET and only to the same scheme, host and port, and there only below the
// base path: elsewhere it would carry the credentials to another server, and a redirected write arrives as a GET
// without its body.
func (e *Endpoint) checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case req.URL.Scheme != first.URL.Scheme || !strings.EqualFold(req.URL.Host, first.URL.Host):
		return &redirectError{fmt.Sprintf("the server redirects to %s://%s, which is not followed, because the "+
			"credentials would go there: check the URL (canonical host name, https, no portal or single sign-on "+
			"before it)", req.URL.Scheme, req.URL.Host)}
	case e.basePath != "" && !strings.HasPrefix(path.Clean(req.URL.Path)+"/", e.basePath+"/"):
		return &redirectError{fmt.Sprintf("the server redirects to %s, which is outside of %s and not followed, because "+
			"the credentials would go to another application: check the URL's path (server.basePath)",
			req.URL.EscapedPath(), e.basePath)}
	case first.Method != http.MethodGet:
		return &redirectError{"the server redirects a " + first.Method + " to " + req.URL.EscapedPath() +
			", which is not followed, because the request would lose its body: check the URL"}
	case len(via) >= 5:
		return &redirectError{"the server redirects in a circle"}
	}
	return e.pace(req.Context())
}

// proxyError is a proxy's refusal to connect.
type proxyError struct{ status int }

func (e *proxyError) Error() string { return "the proxy answered " + statusText(e.status) }

// isTLS reports a handshake that failed for a reason that stays.
func isTLS(err error) bool {
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &verification) || errors.As(err, &record) || isHandshakeAlert(err) || isX509(err)
}

// isHandshakeAlert reports that the server ended the handshake. In TLS 1.3 it does so after the client has begun to
// send, but before it reads a request. crypto/tls keeps the alert's type to itself, so its text has to do; other
// alerts, which may come at any time, do not count.
func isHandshakeAlert(err error) bool {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return false
	}
	text := op.Err.Error()
	for _, alert := range []string{
		"certificate", "handshake failure", "access denied", "protocol version", "unrecognized name",
		"insufficient security",
	} {
		if strings.Contains(text, alert) {
			return true
		}
	}
	return false
}

func isX509(err error) bool {
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &unknown) || errors.As(err, &hostname) || errors.As(err, &invalid)
}

// explain says what went wrong on the way to the server and what to check.
func explain(err error) (message, detail string) {
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
		dns      *net.DNSError
		proxy    *proxyError
		redirect *redirectError
		op       *net.OpError
	)
	// The error of http.Client repeats the URL with its query.
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	message = err.Error()
	switch {
	case errors.As(err, &redirect):
		return redirect.reason, ""
	case errors.As(err, &proxy) && proxy.status == http.StatusProxyAuthRequired:
		return message, "check the user name and password in the proxy's URL (http.proxy_url or HTTPS_PROXY)"
	case errors.As(err, &proxy), errors.As(err, &op) && (op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks")):
		return message, "check the proxy (http.proxy_url, or HTTPS_PROXY and NO_PROXY in the environment)"
	case errors.As(err, &hostname):
		return message, "check that the URL names the host as the server's certificate does"
	case errors.As(err, &invalid):
		return message, "check the validity of the server's certificate, and this machine's clock"
	case errors.As(err, &unknown):
		return message, "check whether the server's certificate, or that of an inspecting proxy before it, is signed " +
			"by a private authority: give that authority's certificate as http.ca_certificate"
	case isHandshakeAlert(err):
		return message, "the server ended the TLS handshake: check whether it demands a client certificate " +
			"(http.client_certificate and http.client_private_key)"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return message, "the server does not speak TLS on this port: check the URL's scheme and port"
	case errors.As(err, &dns) && dns.IsNotFound:
		return message, "check the host name in the URL"
	case errors.Is(err, syscall.ECONNREFUSED):
		return message, "check the URL's host and port, and that the server is running"
	}
	return message, ""
}
