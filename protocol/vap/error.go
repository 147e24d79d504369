package vap

import (
	"fmt"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// Types of errors, as they are on the wire (protocol's GENERAL.MD and the decisions
// in docs/protocol.md).
const (
	TypeMalformed         = "malformed content"
	TypeMissingField      = "missing field"
	TypeNotFound          = "not found"
	TypeIDExists          = "idExists"
	TypeVersion           = "vapVersionIncompatible"
	TypeConnectionDenied  = "connectionDenied"
	TypeApprovalPending   = "approvalPending"
	TypeToken             = "uniqueAuthenticationTokenErronous" // spelt as in the seed
	TypeUserNotAuthorized = "userNotAuthorized"
	TypeWakewordRejected  = "wakewordRejected"
	TypeFocusLost         = "focusLost"
	TypeTooManyClients    = "tooManyClients"
	TypeWrongClientID     = "wrong clientId"
	TypeUnauthorized      = "unauthorized"
	TypeFragmentLost      = "fragment lost"
	TypeInternal          = "internal error"
	TypeBusy              = "busy"
)

// Error is the body of a response of class 4 or 5: {code, type, object?, docRef?}.
type Error struct {
	Code   codes.Code
	Type   string
	Object string
	DocRef string
	// RetryAfter goes out as Max-Age; 0 when asking again is of no use.
	RetryAfter time.Duration
}

// Error is the error as it is logged.
func (e *Error) Error() string {
	s := fmt.Sprintf("vap: %v %s", e.Code, e.Type)
	if e.Object != "" {
		s += fmt.Sprintf(" (%s)", e.Object)
	}
	return s
}
