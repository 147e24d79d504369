package vap

import (
	"errors"
	"unicode"
	"unicode/utf8"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

// maxPrintable is how many characters an id or a name has at most.
const maxPrintable = 128

// Printable reports whether s is short (128 characters) and has nothing that moves a
// cursor or turns text around, so that it may go into logs and onto screens.
func Printable(s string) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxPrintable {
		return false
	}
	for _, r := range s {
		if unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			return false
		}
	}
	return true
}

// Limits of what a client or skill says of itself.
const (
	maxConnect = 16 << 10 // bytes of all of it
	maxOffers  = 64
	maxCodecs  = 8
)

// Check says why a registry, whatever its policy, refuses a Connect of size bytes: it is
// too large, of another version, or has names that are none.
func (m Connect) Check(size int) *Error {
	switch {
	case size > maxConnect:
		return tooLarge()
	case m.Version != Version:
		return &Error{Code: codes.BadRequest, Type: TypeVersion, Object: Version}
	case m.ID == "" || !Printable(m.ID):
		return malformed("id")
	case !Printable(m.Name):
		return malformed("name")
	case len(m.Capabilities) > maxOffers:
		return malformed("capabilities")
	}
	for _, o := range m.Capabilities {
		if !Printable(o.Name) || len(o.Codecs) > maxCodecs || !allPrintable(o.Codecs) {
			return malformed("capabilities")
		}
	}
	return nil
}

func allPrintable(all []string) bool {
	for _, s := range all {
		if !Printable(s) {
			return false
		}
	}
	return true
}

// AsError is err for the wire: itself, or 5.00 for what is no business of the peer.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: codes.InternalServerError, Type: TypeInternal}
}

// Unserved is a coap.Mux's Error: it answers requests that no resource takes.
func Unserved(req *coap.Request, code codes.Code) *coap.Response {
	e := &Error{Code: code, Type: TypeNotFound, Object: req.Path}
	switch code {
	case codes.MethodNotAllowed:
		e.Type = TypeMethod
	case codes.NotAcceptable:
		e.Type = TypeFormat
	}
	return e.Response()
}

// Serve makes a handler of one that gets a decoded body.
func Serve[M any](
	parse func([]byte) (M, error), handle func(coap.Peer, *coap.Request, M, func(*coap.Response)),
) coap.Handler {
	return func(peer coap.Peer, req *coap.Request, reply func(*coap.Response)) {
		if req.Multicast {
			reply(nil)
			return
		}
		var m M
		err := CheckFormat(req.ContentFormat)
		if err == nil {
			m, err = parse(req.Body)
		}
		if err != nil {
			reply(AsError(err).Response())
			return
		}
		handle(peer, req, m, reply)
	}
}
