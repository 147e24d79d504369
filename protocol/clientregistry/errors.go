package clientregistry

import (
	"errors"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Reasons for which a session or a client's connection ended.
var (
	ErrCancelled = errors.New("clientregistry: the client cancelled the session")
	ErrIdle      = errors.New("clientregistry: nothing came of the session for too long")
	ErrReplaced  = errors.New("clientregistry: the client began anew")
	ErrSilent    = errors.New("clientregistry: the client fell silent")
	ErrClosed    = errors.New("clientregistry: closed")
	// ErrRemoved is what Disconnect does.
	ErrRemoved = errors.New("clientregistry: the client was disconnected by the hub")
)

func unauthorized() *vap.Error {
	return &vap.Error{Code: codes.Unauthorized, Type: vap.TypeUnauthorized}
}

func busy() *vap.Error {
	return &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeBusy, RetryAfter: time.Second}
}

func notFound(object string) *vap.Error {
	return &vap.Error{Code: codes.NotFound, Type: vap.TypeNotFound, Object: object}
}

func malformed(object string) *vap.Error {
	return &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed, Object: object}
}

// asError is err for the wire: itself, or 5.00 for what is no business of the peer.
func asError(err error) *vap.Error {
	if e, ok := errors.AsType[*vap.Error](err); ok {
		return e
	}
	return &vap.Error{Code: codes.InternalServerError, Type: vap.TypeInternal}
}

// unserved answers requests that no resource takes.
func unserved(req *coap.Request, code codes.Code) *coap.Response {
	e := &vap.Error{Code: code, Type: vap.TypeNotFound, Object: req.Path}
	switch code {
	case codes.MethodNotAllowed:
		e.Type = vap.TypeMethod
	case codes.NotAcceptable:
		e.Type = vap.TypeFormat
	}
	return e.Response()
}

// serve makes a handler of one that gets a decoded body.
func serve[M any](parse func([]byte) (M, error), handle func(coap.Peer, *coap.Request, M, func(*coap.Response))) coap.Handler {
	return func(peer coap.Peer, req *coap.Request, reply func(*coap.Response)) {
		if req.Multicast {
			reply(nil)
			return
		}
		var m M
		err := vap.CheckFormat(req.ContentFormat)
		if err == nil {
			m, err = parse(req.Body)
		}
		if err != nil {
			reply(asError(err).Response())
			return
		}
		handle(peer, req, m, reply)
	}
}
