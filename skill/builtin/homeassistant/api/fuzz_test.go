package api

import (
	"encoding/json"
	"testing"
)

// No message makes a client panic, or wait for ever.
func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		c := newWaiting()
		answer, err := c.await(1, func(e Event) {
			var changed StateChanged
			_ = json.Unmarshal(e.Data, &changed) // an error is one of those that are allowed
		})
		if err != nil {
			return
		}
		messages, err := decode(data)
		if err != nil {
			return
		}
		for _, m := range messages {
			c.handle(m)
		}
		c.end()
		if m, ok := <-answer; ok {
			var states []State
			_ = m.read(&states)
			// Attributes of an unusual type are as if they were not there.
			for _, attribute := range []json.Unmarshaler{new(Text), new(Texts), new(Number)} {
				if err := attribute.UnmarshalJSON(m.Result); err != nil {
					t.Errorf("%T: %v", attribute, err)
				}
			}
		}
	})
}
