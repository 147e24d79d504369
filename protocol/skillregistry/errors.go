package skillregistry

import (
	"errors"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/vap"
)

// Errors of requests to a skill. What Ask returns wraps one of these, or the context's
// error: then the skill is there and did not answer in time.
var (
	// ErrNotConnected says that no such skill is connected; of a Client, that it has no hub.
	ErrNotConnected = errors.New("skillregistry: not connected")
	// ErrNotListening says that the skill is connected but does not observe its resource.
	ErrNotListening = errors.New("skillregistry: the skill does not listen for requests")
	// ErrBusy says that too many requests wait for the skill.
	ErrBusy = errors.New("skillregistry: too many requests wait for the skill")
	// ErrGone says that the skill went away while it was asked.
	ErrGone = errors.New("skillregistry: the skill went away")
	// ErrFailed says that the skill answered with an error code.
	ErrFailed = errors.New("skillregistry: the skill failed")
)

// Reasons for which a skill's connection ended.
var (
	ErrReplaced = errors.New("skillregistry: the skill connected anew")
	ErrSilent   = errors.New("skillregistry: the skill fell silent")
	ErrRemoved  = errors.New("skillregistry: the skill was disconnected by the hub")
	ErrClosed   = errors.New("skillregistry: closed")
)

var errObservesAnew = errors.New("skillregistry: the skill observes its resource anew")

func unauthorized() *vap.Error {
	return &vap.Error{Code: codes.Unauthorized, Type: vap.TypeUnauthorized}
}

func busy() *vap.Error {
	return &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeBusy, RetryAfter: time.Second}
}

func wrongSkill(id string) *vap.Error {
	return &vap.Error{Code: codes.BadRequest, Type: vap.TypeWrongSkillID, Object: id}
}

func notFound(object string) *vap.Error {
	return &vap.Error{Code: codes.NotFound, Type: vap.TypeNotFound, Object: object}
}

func malformed(object string) *vap.Error {
	return &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed, Object: object}
}

func missing(kind, object string) *vap.Error {
	return &vap.Error{Code: codes.RequestEntityIncomplete, Type: kind, Object: object, DocRef: docRef}
}

// docRef is where an author reads what is wrong with a registration.
const docRef = "docs/skill-registry.md#registerintents"
