package clientregistry

import (
	"errors"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

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
