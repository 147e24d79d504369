package vap

import (
	"fmt"
	"math"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

// Types of errors, as they are on the wire (protocol's GENERAL.MD and the decisions
// in docs/protocol.md).
const (
	TypeMalformed         = "malformed content"
	TypeMissingField      = "missing field"
	TypeNotFound          = "not found"
	TypeMethod            = "method not allowed"
	TypeFormat            = "unsupported content format"
	TypeTooLarge          = "content too large"
	TypeIDExists          = "idExists"
	TypeVersion           = "vapVersionIncompatible"
	TypeConnectionDenied  = "connectionDenied"
	TypeApprovalPending   = "approvalPending"
	TypePairingRequired   = "pairingRequired"                   // only paired clients, over DTLS, or those on the hub's own machine
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
	TypeNoSpeechEngine    = "speechUnavailable" // the hub has no engine for speech, or not its model: 5.03
	TypeEngineFailed      = "speechFailed"      // the engine died over the utterance: 5.00
)

// ContentFormat is the number for MessagePack that peers may use, from the range for
// experiments (RFC 7252 section 12.3), since IANA has none. vapd sends none.
const ContentFormat message.MediaType = 65000

// CheckFormat says whether a body may be MessagePack by its content format: absent,
// application/octet-stream or ContentFormat. Others are 4.15.
func CheckFormat(format *message.MediaType) error {
	if format == nil || *format == message.AppOctets || *format == ContentFormat {
		return nil
	}
	return &Error{Code: codes.UnsupportedMediaType, Type: TypeFormat, Object: fmt.Sprintf("%d", uint16(*format))}
}

// Error is the body of a response of class 4 or 5: {code, type, object?, docRef?}.
type Error struct {
	Code   codes.Code
	Type   string
	Object string
	DocRef string
	// RetryAfter goes out as Max-Age, in whole seconds; 0 when asking again is of no use.
	RetryAfter time.Duration
}

// Error is the error as it is logged.
func (e *Error) Error() string {
	s := fmt.Sprintf("vap: %d.%02d", e.Code>>5, e.Code&31)
	if e.Type != "" {
		s += " " + e.Type
	}
	if e.Object != "" {
		s += fmt.Sprintf(" (%s)", e.Object)
	}
	return s
}

// decimal is a code as bodies write it: 4.01 is 401.
func decimal(c codes.Code) int { return int(c>>5)*100 + int(c&31) }

// Response is the error on the wire.
func (e *Error) Response() *coap.Response {
	m := newEncoder(nil)
	m.uint("code", uint64(decimal(e.Code)))
	m.text("type", e.Type)
	m.optional("object", e.Object)
	m.optional("docRef", e.DocRef)
	r := &coap.Response{Code: e.Code, Body: m.b}
	if e.RetryAfter > 0 {
		seconds := uint32(min((e.RetryAfter+time.Second-1)/time.Second, math.MaxUint32))
		r.MaxAge = &seconds
	}
	return r
}

// ErrorFrom is the error that a response of class 4 or 5 says, also when its body is
// empty or something else; nil for a response of class 2.
func ErrorFrom(r *coap.Response) *Error {
	if r.Code>>5 == 2 {
		return nil
	}
	e := parseError(r.Body)
	e.Code = r.Code
	if r.MaxAge != nil {
		e.RetryAfter = time.Duration(*r.MaxAge) * time.Second
	}
	return e
}

func parseError(b []byte) *Error {
	d := decoder{b: b}
	e := new(Error)
	d.object([]string{"code", "type", "object", "docRef"}, func(key []byte) bool {
		switch string(key) {
		case "type":
			e.Type = d.text()
		case "object":
			e.Object = d.text()
		case "docRef":
			e.DocRef = d.text()
		default:
			return false
		}
		return true
	})
	if d.end() != nil {
		return new(Error)
	}
	return e
}
