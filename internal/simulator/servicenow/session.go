package servicenow

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What follows is known from ServiceNow's SDK alone, which logs in with a password by the form of the web interface:
// the cookie names the session, and a request counts only with the session's token in a header, which the instance
// tells in the refusal of a request without it. The texts are made up.
const (
	sessionCookie   = "JSESSIONID"
	sessionLifespan = 30 * time.Minute
)

// session is an interactive login.
type session struct {
	user    string // sys_id
	token   string
	expires time.Time
}

// angular is the part of the web interface that clients log in by.
func (s *Server) angular(c *call) answer {
	kind := c.query.Get("sysparm_type")
	switch {
	case c.method == http.MethodPost && kind == "view_form.login":
		return s.formLogin(c)
	case c.method == http.MethodPost && kind == "get_user":
		return s.sessionUser(c)
	}
	return pageNotFound()
}

func (s *Server) formLogin(c *call) answer {
	form, err := url.ParseQuery(string(c.body))
	user := s.userNamed(form.Get("user_name"))
	if err != nil || form.Get("sysparm_type") != "login" || user == nil || !canLogIn(user) ||
		!s.passwordMatches(user, form.Get("user_password")) || user.values["web_service_access_only"] == "true" {
		return answer{status: http.StatusOK, body: map[string]any{
			"status": "error", "message": "User name or password invalid",
		}}
	}
	id := s.newID("session", user.id())
	s.sessions[id] = &session{
		user: user.id(), token: s.newID("session token", user.id()), expires: s.now().Add(sessionLifespan),
	}
	cookie := http.Cookie{ //nolint:gosec // G124: Secure where the simulator is, which it mostly is not
		Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(c.base, "https://"),
	}
	return answer{
		status: http.StatusOK, body: map[string]any{"status": "success", "message": ""},
		header: http.Header{"Set-Cookie": {cookie.String()}},
	}
}

func (s *Server) sessionUser(c *call) answer {
	in := s.sessionOf(c)
	if in == nil {
		return notAuthenticated()
	}
	if c.header.Get("X-Usertoken") != in.token {
		a := notAuthenticated()
		a.header.Set("X-Usertoken-Response", in.token)
		return a
	}
	user := s.findIn("sys_user", in.user)
	return answer{status: http.StatusOK, body: map[string]any{
		"userID": in.user, "userName": user.values["user_name"], "firstName": user.values["first_name"],
		"lastName": user.values["last_name"],
	}}
}

// sessionOf is the live session that a request's cookie names.
func (s *Server) sessionOf(c *call) *session {
	cookie, err := (&http.Request{Header: c.header}).Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	in := s.sessions[cookie.Value]
	if in == nil || !s.now().Before(in.expires) {
		return nil
	}
	if user := s.findIn("sys_user", in.user); user == nil || !canLogIn(user) {
		return nil
	}
	return in
}

// sessionCredential is the login of a request with a session's cookie and token; ok is false without a session.
func (s *Server) sessionCredential(c *call) (cred credential, ok bool) {
	in := s.sessionOf(c)
	if in == nil {
		return credential{}, false
	}
	cred.method = authSession
	if strings.EqualFold(c.header.Get("X-Usertoken"), in.token) {
		cred.user = s.findIn("sys_user", in.user)
	}
	return cred, true
}

func pageNotFound() answer {
	return answer{
		status: http.StatusNotFound, raw: []byte("Page not found"),
		header: http.Header{"Content-Type": {"text/html;charset=UTF-8"}},
	}
}
