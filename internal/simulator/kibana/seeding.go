package kibana

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// AddCaseSettings stores case settings as the superuser's POST would, with the API's checks: one configuration for each
// owner in a space, the last of which counts. It returns their id.
func (s *Server) AddCaseSettings(space string, body map[string]any) (string, error) {
	return s.posted(space, body, nil, s.createCaseSettings)
}

// AddCase stores a case as the superuser's POST would, with the API's checks, and comments on it in this order. It
// returns the case's id.
func (s *Server) AddCase(space string, body map[string]any, comments ...string) (string, error) {
	id, err := s.posted(space, body, nil, s.createCase)
	for _, comment := range comments {
		if err != nil {
			break
		}
		_, err = s.posted(space, map[string]any{"type": "user", "comment": comment, "owner": body["owner"]},
			map[string]string{"id": id}, s.commentCase)
	}
	return id, err
}

// posted runs a handler for a body that comes with no request.
func (s *Server) posted(space string, body map[string]any, path map[string]string, handle handler) (string, error) {
	if space == "" {
		space = defaultSpace
	}
	text, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("kibana: %w", err)
	}
	s.mu.Lock()
	known := s.spaces[space] != nil
	c := &call{
		Request: &http.Request{Method: http.MethodPost}, space: space, version: s.version, body: text,
		user: superuser(s.options.Username, ""),
	}
	s.mu.Unlock()
	if !known {
		return "", fmt.Errorf("kibana: no space %q", space)
	}
	for name, value := range path {
		c.SetPathValue(name, value)
	}
	r := handle(c)
	made, err := json.Marshal(r.body)
	if err != nil {
		return "", fmt.Errorf("kibana: %w", err)
	}
	var answer struct {
		ID      string `json:"id"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(made, &answer); err != nil {
		return "", fmt.Errorf("kibana: %w", err)
	}
	if r.status != http.StatusOK {
		return "", fmt.Errorf("kibana: %s", answer.Message)
	}
	return answer.ID, nil
}
