package servicenow

// propertyBefore keeps the value of a property of a password type apart, so that nothing reads it back. That such
// values are withheld from REST is inferred from how password columns behave.
func propertyBefore(s *Server, op operation, r *row, _ map[string]string) error {
	s.nameFromSuffix(op, r)
	if op == opDelete || r.values["type"] != string(Password) && r.values["type"] != string(Password2) {
		return nil
	}
	if r.values["value"] != "" {
		r.secrets["value"], r.values["value"] = r.values["value"], ""
	}
	return nil
}
