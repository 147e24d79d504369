package metrics

import (
	"strings"
	"testing"
)

// FuzzRequest: whatever comes is a request or none, and is read no further than its bound.
func FuzzRequest(f *testing.F) {
	f.Add("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
	f.Add("HEAD /metrics?a=b HTTP/1.0\n\nbody")
	f.Add("GET  HTTP/1.1\r\n\r\n")
	f.Add("GET /" + strings.Repeat("x", maxRequest) + " HTTP/1.1\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		in := strings.NewReader(text)
		method, path, err := readRequest(in)
		if read := len(text) - in.Len(); read > maxRequest {
			t.Errorf("%d bytes were read", read)
		}
		if err == nil && (method == "" || strings.ContainsAny(method+path, " \r\n") || strings.Contains(path, "?")) {
			t.Errorf("method %q, path %q", method, path)
		}
	})
}
