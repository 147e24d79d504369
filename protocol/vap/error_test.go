package vap

import (
	"errors"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

func TestErrorOnTheWire(t *testing.T) {
	e := &Error{
		Code: codes.Unauthorized, Type: TypeApprovalPending, Object: "kitchen", DocRef: "docs/protocol.md",
		RetryAfter: 1500 * time.Millisecond,
	}
	r := e.Response()
	if r.Code != codes.Unauthorized || r.MaxAge == nil || *r.MaxAge != 2 {
		t.Errorf("response %+v", r)
	}
	d := decoder{b: r.Body}
	body, _ := d.value(0).(map[string]any)
	if body["code"] != int64(401) || body["type"] != "approvalPending" || body["object"] != "kitchen" || body["docRef"] != "docs/protocol.md" {
		t.Errorf("body %v", body)
	}
	want := *e
	want.RetryAfter = 2 * time.Second
	if got := ErrorFrom(r); *got != want {
		t.Errorf("got %+v", got)
	}
	if got := e.Error(); got != "vap: 4.01 approvalPending (kitchen)" {
		t.Errorf("text %q", got)
	}
	if r := (&Error{Code: codes.NotFound, Type: TypeNotFound}).Response(); r.MaxAge != nil {
		t.Error("a Max-Age although asking again is of no use")
	}
}

// Peers send errors without a body, or with one that is something else.
func TestErrorFromOthers(t *testing.T) {
	for _, body := range [][]byte{nil, []byte("not found"), {0xc1}, {0x81}} {
		e := ErrorFrom(&coap.Response{Code: codes.TooManyRequests, Body: body})
		if e == nil || e.Code != codes.TooManyRequests || e.Type != "" || e.Error() != "vap: 4.29" {
			t.Errorf("body %q: %v", body, e)
		}
	}
	for _, code := range []codes.Code{codes.Created, codes.Changed, codes.Content, codes.Continue, codes.Valid} {
		if e := ErrorFrom(&coap.Response{Code: code}); e != nil {
			t.Errorf("%v is the error %v", code, e)
		}
	}
}

func TestCheckFormat(t *testing.T) {
	for format, ok := range map[message.MediaType]bool{
		message.AppOctets: true, ContentFormat: true,
		message.TextPlain: false, message.AppJSON: false, message.AppCBOR: false,
	} {
		err := CheckFormat(&format)
		e, _ := errors.AsType[*Error](err)
		if ok != (err == nil) || !ok && e.Code != codes.UnsupportedMediaType {
			t.Errorf("format %d: %v", format, err)
		}
	}
	if err := CheckFormat(nil); err != nil {
		t.Error(err)
	}
}
