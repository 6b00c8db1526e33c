package servicenow

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// minWarnDays is the least that the platform keeps in warn_in_days_to_expire.
const minWarnDays = 20

// certificateBefore decodes the PEM and fills what the platform fills on save. A PEM that does not decode is refused
// the way a business rule refuses; the rule's name is made up.
func certificateBefore(s *Server, op operation, r *row, _ map[string]string) error {
	if op == opDelete {
		return nil
	}
	v := r.values
	if v["pem_certificate"] == "" {
		for _, c := range r.table.columns {
			if c.Computed && !strings.HasPrefix(c.Name, "sys_") {
				v[c.Name] = ""
			}
		}
	} else {
		cert, err := s.parseCertificate(v["pem_certificate"])
		if err != nil {
			const rule = "Validate certificate"
			return &refusal{detail: "Operation against file 'sys_certificate' was aborted by Business Rule '" + rule + "^" +
				seedID("sys_script", rule) + "'. Business Rule Stack:" + rule}
		}
		v["issuer"], v["subject"] = cert.Issuer.String(), cert.Subject.String()
		v["serial_number"] = cert.SerialNumber.String()
		v["valid_from"] = cert.NotBefore.UTC().Format(wireTime)
		v["expires"] = cert.NotAfter.UTC().Format(wireTime)
		v["expires_in_days"] = s.daysLeft(r)
	}
	if days, err := strconv.Atoi(v["warn_in_days_to_expire"]); err != nil || days < minWarnDays {
		v["warn_in_days_to_expire"] = strconv.Itoa(minWarnDays)
	}
	if v["notify_on_expiration"] == "" {
		v["notify_on_expiration"] = strings.Join(s.expiryAudience(v["sys_created_by"]), ",")
	}
	return nil
}

// expiryAudience is the creating user and at most two administrators.
func (s *Server) expiryAudience(creator string) []string {
	var ids []string
	if user := s.userNamed(creator); user != nil {
		ids = append(ids, user.id())
	}
	for user := range s.rows("sys_user") {
		if len(ids) < 3 && user.values["user_name"] != creator && s.rolesOf(user.id())["admin"] {
			ids = append(ids, user.id())
		}
	}
	return ids
}

func (s *Server) parseCertificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(strings.TrimSpace(text)))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("no certificate block")
	}
	if s.opts.StrictPEM {
		for line := range strings.Lines(text) {
			if len(strings.TrimSpace(line)) > 64 {
				return nil, errors.New("base64 is not wrapped at 64 columns")
			}
		}
	}
	return x509.ParseCertificate(block.Bytes)
}

func (s *Server) daysLeft(r *row) string {
	expires, err := time.Parse(wireTime, r.values["expires"])
	if err != nil {
		return ""
	}
	return strconv.Itoa(int(math.Floor(expires.Sub(s.now()).Hours() / 24)))
}
