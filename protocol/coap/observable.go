package coap

import (
	"sync"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// Observable is a resource that can be read and observed. Of its states, an observer
// that is slower than they change gets the newest.
type Observable struct {
	// Get answers a GET with the resource as it is now. It is called for each
	// observer when the resource has changed, and must not call the Observable.
	Get func(req *Request) *Response

	changing  sync.Mutex // so that the newest state is told last
	mu        sync.Mutex
	observers map[*Observer]struct{}
}

// Serve is the Handler of GET and FETCH.
func (r *Observable) Serve(_ Peer, req *Request, reply func(*Response)) {
	r.register(req)
	reply(r.Get(req)) // a change in between follows in a notification
}

func (r *Observable) register(req *Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var o *Observer
	o = req.Observe(func(error) {
		r.mu.Lock()
		delete(r.observers, o)
		r.mu.Unlock()
	})
	if o == nil {
		return
	}
	if r.observers == nil {
		r.observers = make(map[*Observer]struct{})
	}
	r.observers[o] = struct{}{}
}

// Changed tells every observer the state as it is now.
func (r *Observable) Changed() {
	r.changing.Lock()
	defer r.changing.Unlock()
	for _, o := range r.all() {
		_ = o.Update(r.Get(o.Request())) // it may just have ended
	}
}

// Gone ends every relation with a last word, for instance 4.04 after a DELETE.
func (r *Observable) Gone(code codes.Code) {
	for _, o := range r.all() {
		_ = o.Update(&Response{Code: code})
	}
}

// Observers are how many there are.
func (r *Observable) Observers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.observers)
}

func (r *Observable) all() []*Observer {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*Observer, 0, len(r.observers))
	for o := range r.observers {
		all = append(all, o)
	}
	return all
}
