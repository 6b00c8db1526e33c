package fault

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

// recorder keeps an answer that is to be thrown away or sent late.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: http.Header{}, status: http.StatusOK} }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// replaySlowly announces the whole length first, so that a client which gives up early sees a truncated body.
func (r *recorder) replaySlowly(w http.ResponseWriter, req *http.Request, pause time.Duration) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
	body := r.body.Bytes()
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(r.status)
	const pieces = 16
	size := max(1, (len(body)+pieces-1)/pieces)
	flusher := http.NewResponseController(w)
	for len(body) > 0 {
		n := min(size, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		_ = flusher.Flush()
		body = body[n:]
		if len(body) > 0 && !sleep(req, pause) {
			return
		}
	}
}
