package rest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestByOtherServer tells from an error's form that the address leads to the other kind of server.
func TestByOtherServer(t *testing.T) {
	t.Parallel()
	for body, by := range map[string]Kind{
		`{"statusCode":404,"error":"Not Found","message":"Not Found"}`:                                 KindKibana,
		`{"error":{"type":"security_exception","reason":"unable to authenticate"},"status":401}`:       KindKibana,
		`{"error":{"message":"User Not Authenticated","detail":"no"},"status":"failure"}`:              KindServiceNow,
		`{"error":{"message":"URI does not represent any resource","detail":null},"status":"failure"}`: KindServiceNow,
		`{"error":"invalid_client","error_description":"access_denied"}`:                               0,
		`{"message":"no"}`:        0,
		`<html>no</html>`:         0,
		`[]`:                      0,
		`{"error":{"message":1}}`: 0,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(server.Close)
		for _, asked := range []Kind{KindServiceNow, KindKibana} {
			e, err := NewEndpoint(Config{
				Kind: asked, BaseURL: server.URL, Auth: BasicAuth{Username: "user", Password: "password"}, HTTP: DefaultHTTP(),
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = e.Do(t.Context(), Request{Method: http.MethodGet, Path: "/api/x"}, nil)
			var failed *Error
			if !errors.As(err, &failed) || failed.ByOtherServer() != (by != 0 && by != asked) ||
				failed.Asked != asked || failed.Login != "basic authentication" {
				t.Errorf("%s asked as %s: %+v", body, asked, failed)
			}
		}
	}
}
