package kibana

// licensingInfo is what the licensing plugin tells every account, without the features, which nobody here asks for.
//
// Source: x-pack/plugins/licensing/server/routes/info.ts and common/types.ts (PublicLicenseJSON), 7.6 and newer.
func (s *Server) licensingInfo(*call) reply {
	status := "active"
	if s.Switches().LicenseExpired {
		status = "expired"
	}
	license := s.Switches().License
	return ok(map[string]any{
		"license":   map[string]any{"uid": "simulated", "type": license, "mode": license, "status": status},
		"features":  map[string]any{},
		"signature": license + " " + status,
	})
}
