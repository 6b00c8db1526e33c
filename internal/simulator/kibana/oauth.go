package kibana

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/youmark/pkcs8"
)

// token is a cached "connector_token": the Authorization value and when it lapses.
type token struct {
	authorization string
	expires       time.Time
}

// accessToken answers the Authorization header value for an OAuth connector: the cached one until it lapses, else one
// fetched with a JWT assertion whose audience and issuer are both the client id. No jti is sent.
func (e *execution) accessToken(ctx context.Context, tokenURL string) (string, error) {
	s, id := e.server, e.connector.id
	s.mu.Lock()
	cached, found := s.tokens[id]
	s.mu.Unlock()
	if found && s.options.Clock().Before(cached.expires) {
		return cached.authorization, nil
	}
	clientID := stringOf(e.config["clientId"])
	requested := s.options.Clock()
	assertion, err := signAssertion(requested, stringOf(e.config["jwtKeyId"]), clientID,
		stringOf(e.config["userIdentifierValue"]), stringOf(e.secrets["privateKey"]),
		stringOf(e.secrets["privateKeyPassword"]))
	if err != nil {
		return "", thrown("Unable to generate JWT token. Error: Error: %s", err)
	}
	payload, contentType, err := encodeBody(url.Values{
		"grant_type":    {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"client_id":     {clientID},
		"client_secret": {stringOf(e.secrets["clientSecret"])},
		"assertion":     {assertion},
	})
	if err != nil {
		return "", err
	}
	answer, err := e.transmit(ctx, http.MethodPost, tokenURL, nil, payload, contentType)
	if err != nil {
		return "", err
	}
	// Any answer but 200 is thrown whole, as its message; there is no response left for later code to look at.
	if answer.status != http.StatusOK {
		message, err := json.Marshal(answer.data)
		if err != nil {
			return "", fmt.Errorf("encoding the token answer: %w", err)
		}
		return "", thrown("%s", message)
	}
	fresh := token{
		authorization: fmt.Sprintf("%v %v", answer.field("token_type"), answer.field("access_token")),
		expires:       requested.Add(seconds(answer.field("expires_in"))),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.visible(e.connector.space, id); now != nil && now.revision == e.connector.revision {
		s.tokens[id] = fresh
	}
	return fresh.authorization, nil
}

// seconds reads expires_in, which instances give as a number or as text.
func seconds(value any) time.Duration {
	switch v := value.(type) {
	case float64:
		return time.Duration(v) * time.Second
	case string:
		if d, err := time.ParseDuration(v + "s"); err == nil {
			return d
		}
	}
	return 0
}

func (e *execution) dropToken() {
	e.server.mu.Lock()
	defer e.server.mu.Unlock()
	delete(e.server.tokens, e.connector.id)
}

// authorized answers header with the connector's credentials added.
func (e *execution) authorized(ctx context.Context, base string, header http.Header) (http.Header, error) {
	username, password := stringOf(e.secrets["username"]), stringOf(e.secrets["password"])
	if e.config["isOAuth"] != true && username != "" && password != "" {
		header = maps.Clone(header)
		if header == nil {
			header = http.Header{}
		}
		maps.Copy(header, basicAuthorization(username, password))
		return header, nil
	}
	authorization, err := e.accessToken(ctx, base+"/oauth_token.do")
	if err != nil {
		return nil, err
	}
	return http.Header{"Authorization": {authorization}}, nil
}

// assertionLife is how long an assertion is valid.
const assertionLife = time.Hour

func signAssertion(now time.Time, keyID, clientID, subject, privateKey, password string) (string, error) {
	key, err := parsePrivateKey(privateKey, password)
	if err != nil {
		return "", err
	}
	if key.N.BitLen() < 2048 {
		return "", thrown("secretOrPrivateKey has a minimum key size of 2048 bits for RS256")
	}
	assertion := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"sub": subject, "aud": clientID, "iss": clientID,
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if keyID != "" {
		assertion.Header["kid"] = keyID
	}
	signed, err := assertion.SignedString(key)
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	return signed, nil
}

var (
	errUnsupportedKey = thrown("error:1E08010C:DECODER routines::unsupported")
	errNeedPassword   = thrown("error:07880109:common libcrypto routines::interrupted or cancelled")
	errBadDecrypt     = thrown("error:1C800064:Provider routines::bad decrypt")
	errNotRSA         = thrown(`"alg" parameter for "ec" key type must be one of: ES256, ES384, ES512.`)
)

// parsePrivateKey reads an RSA key as OpenSSL does: PKCS#1 or PKCS#8, plain or encrypted. A password given for a plain
// key is ignored.
func parsePrivateKey(text, password string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errUnsupportedKey
	}
	der := block.Bytes
	switch block.Type {
	case "RSA PRIVATE KEY":
		//nolint:staticcheck // "Proc-Type: 4,ENCRYPTED" is what openssl genrsa -aes256 -traditional writes.
		if x509.IsEncryptedPEMBlock(block) {
			if password == "" {
				return nil, errNeedPassword
			}
			plain, err := x509.DecryptPEMBlock(block, []byte(password)) //nolint:staticcheck // as above
			if err != nil {
				return nil, errBadDecrypt
			}
			der = plain
		}
		key, err := x509.ParsePKCS1PrivateKey(der)
		if err != nil {
			return nil, errUnsupportedKey
		}
		return key, nil
	case "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, errUnsupportedKey
		}
		return asRSA(key)
	case "ENCRYPTED PRIVATE KEY":
		if password == "" {
			return nil, errNeedPassword
		}
		key, err := pkcs8.ParsePKCS8PrivateKey(der, []byte(password))
		if err != nil {
			return nil, errBadDecrypt
		}
		return asRSA(key)
	case "EC PRIVATE KEY":
		return nil, errNotRSA
	}
	return nil, errUnsupportedKey
}

func asRSA(key any) (*rsa.PrivateKey, error) {
	rsaKey, isRSA := key.(*rsa.PrivateKey)
	if !isRSA {
		return nil, errNotRSA
	}
	return rsaKey, nil
}
