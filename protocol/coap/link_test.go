package coap

import (
	"reflect"
	"strings"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// section 5 of RFC 6690, examples.
const rfcLinks = `</sensors>;ct=40;title="Sensor Index",` +
	`</sensors/temp>;rt="temperature-c";if="sensor",` +
	`</sensors/light>;rt="light-lux core.sen-light";if="sensor",` +
	`<http://www.example.com/sensors/t123>;anchor="/sensors/temp";rel="describedby",` +
	`</t>;anchor="/sensors/temp";rel="alternate";obs`

func TestParseLinks(t *testing.T) {
	links, err := ParseLinks([]byte(rfcLinks))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(AppendLinks(nil, links)); got != rfcLinks {
		t.Errorf("got %s", got)
	}
	if !links[2].Has("rt", "core.sen-light") || links[2].Has("rt", "core") || links[2].Has("if", "light-lux") {
		t.Errorf("Has: %v", links[2])
	}
	if v, ok := links[0].Get("title"); v != "Sensor Index" || !ok {
		t.Errorf("Get: %q, %t", v, ok)
	}
	if _, ok := links[0].Get("rt"); ok {
		t.Error("Get found what is not there")
	}
	loose, err := ParseLinks([]byte(" </a> ; rt=bare ; title=\"a\\\"b\\\\c,;\" , </b>"))
	want := []Link{NewLink("/a").With("rt", "bare").With("title", `a"b\c,;`), NewLink("/b")}
	if err != nil || !reflect.DeepEqual(loose, want) {
		t.Errorf("got %v, %v", loose, err)
	}
}

func TestParseLinksErrors(t *testing.T) {
	for _, s := range []string{"x", "<", "</a", "</a>x", "</a>;", "</a>;=x", `</a>;t="x`, `</a>;t="x\`, "</a> </b>"} {
		if links, err := ParseLinks([]byte(s)); err == nil {
			t.Errorf("%s: got %v", s, links)
		}
	}
}

func TestFilterLinks(t *testing.T) {
	links, _ := ParseLinks([]byte(rfcLinks))
	for filter, want := range map[string]string{
		"":                                "/sensors /sensors/temp /sensors/light http://www.example.com/sensors/t123 /t",
		"rt=light-lux":                    "/sensors/light",
		"rt=core.sen-*":                   "/sensors/light",
		"rt=light":                        "",
		"if=sensor":                       "/sensors/temp /sensors/light",
		"if=sensor&rt=temperature-c":      "/sensors/temp",
		"href=/sensors*":                  "/sensors /sensors/temp /sensors/light",
		"href=/t":                         "/t",
		"title=Sensor Index":              "/sensors",
		"ct=40":                           "/sensors",
		"anchor=*":                        "http://www.example.com/sensors/t123 /t",
		"rt":                              "",
		"rt=light-lux core.sen-light":     "/sensors/light",
		"rel=describedby&rel=describedby": "http://www.example.com/sensors/t123",
	} {
		var filters []string
		if filter != "" {
			filters = strings.Split(filter, "&")
		}
		var got []string
		for _, l := range FilterLinks(links, filters) {
			got = append(got, l.Target)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", filter, got, want)
		}
	}
}

func FuzzLinks(f *testing.F) {
	f.Add([]byte(rfcLinks))
	f.Add([]byte(" </a> ; rt=bare ; title=\"a\\\"b\\\\c,;\" , </b>"))
	f.Add([]byte("</a>;t=\"x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		links, err := ParseLinks(b)
		if err != nil {
			return
		}
		text := AppendLinks(nil, links)
		again, err := ParseLinks(text)
		if err != nil || !reflect.DeepEqual(again, links) {
			t.Fatalf("%q became %q: %v", b, text, err)
		}
		FilterLinks(links, []string{"rt=a*", "href=*"})
	})
}

func TestMux(t *testing.T) {
	named := func(name string) Handler {
		return func(_ Peer, _ *Request, reply func(*Response)) {
			reply(&Response{Code: codes.Content, Body: []byte(name)})
		}
	}
	mux := &Mux{Prefixes: []string{"Server"}}
	mux.Handle(codes.GET, "a/b", named("exact"))
	mux.Handle(codes.GET, "a/*", named("any"))
	mux.Handle(codes.POST, "a/*", named("post"))
	mux.Link(NewLink("/a").With("rt", "thing"))
	ask := func(code codes.Code, path string, change func(*Request)) (resp *Response) {
		req := &Request{Code: code, Path: path}
		if change != nil {
			change(req)
		}
		mux.Serve(nil, req, func(r *Response) { resp = r })
		return resp
	}
	for _, tt := range []struct {
		code codes.Code
		path string
		want codes.Code
		body string
	}{
		{codes.GET, "a/b", codes.Content, "exact"},
		{codes.GET, "a/c", codes.Content, "any"},
		{codes.POST, "a/c", codes.Content, "post"},
		{codes.POST, "a/b", codes.MethodNotAllowed, ""},
		{codes.DELETE, "a/c", codes.MethodNotAllowed, ""},
		{codes.GET, "a", codes.NotFound, ""},
		{codes.GET, "a/c/d", codes.NotFound, ""},
		{codes.GET, "", codes.NotFound, ""},
		{codes.GET, "Server/a/b", codes.Content, "exact"},
		{codes.GET, "Server", codes.NotFound, ""},
		{codes.GET, "Other/a/b", codes.NotFound, ""},
		{codes.GET, ".well-known/core", codes.Content, `</a>;rt="thing"`},
		{codes.POST, ".well-known/core", codes.MethodNotAllowed, ""},
	} {
		if r := ask(tt.code, tt.path, nil); r.Code != tt.want || string(r.Body) != tt.body {
			t.Errorf("%v %s: got %v %q, want %v %q", tt.code, tt.path, r.Code, r.Body, tt.want, tt.body)
		}
	}
	if r := ask(codes.GET, ".well-known/core", func(r *Request) { r.Query = []string{"rt=x"} }); r.Code != codes.Content || len(r.Body) != 0 {
		t.Errorf("no match: got %v %q", r.Code, r.Body)
	}
	json := message.AppJSON
	if r := ask(codes.GET, ".well-known/core", func(r *Request) { r.Accept = &json }); r.Code != codes.NotAcceptable {
		t.Errorf("as JSON: got %v", r.Code)
	}
	mux.Error = func(_ *Request, code codes.Code) *Response { return &Response{Code: code, Body: []byte("why")} }
	if r := ask(codes.GET, "none", nil); string(r.Body) != "why" {
		t.Errorf("Error was not asked: %q", r.Body)
	}
	defer func() {
		if recover() == nil {
			t.Error("two handlers of one method and path")
		}
	}()
	mux.Handle(codes.GET, "a/b", named("again"))
}

// hubMux has what the hub lists.
func hubMux() *Mux {
	mux := new(Mux)
	mux.Handle(codes.POST, "vap/clientRegistry/connect", echo)
	mux.Link(NewLink("/vap").With("rt", "vap-client-registry"))
	mux.Link(NewLink("/vap").With("rt", "vap-skill-registry").With("ct", "42"))
	return mux
}
