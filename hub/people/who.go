package people

import "vapd/wakeword/speaker"

// Listen begins to listen to who speaks to a client; it is nil when nobody wants to know.
func (p *People) Listen(client string) *speaker.Listener {
	p.mu.Lock()
	defer p.mu.Unlock()
	wanted := len(p.known) > 0
	for _, c := range p.listeners {
		wanted = wanted || c == client
	}
	if !wanted {
		return nil
	}
	return p.model.NewListener()
}

// Who is who may have said to a client what was heard, in a voice. The zero Hint is for
// nobody, and the zero Voice for less speech than one can be known by.
func (p *People) Who(client, heard string, v speaker.Voice) (hint speaker.Hint) {
	p.mu.Lock()
	known := p.known
	var tell []func(Utterance)
	for f, c := range p.listeners {
		if c == client {
			tell = append(tell, *f)
		}
	}
	p.mu.Unlock()
	for _, f := range tell {
		f(Utterance{Client: client, Heard: heard, Model: p.sum, Voice: v})
	}
	if len(known) == 0 {
		return hint
	}
	if v.Frames > 0 {
		hint = p.model.Who(known, v)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case v.Frames == 0:
		p.counts.Short++
	case hint.Confidence >= Likely:
		p.counts.Named++
	default:
		p.counts.Unsure++
	}
	return hint
}

// Hear calls tell with what is said to a client from now on, until stop is called. tell
// must not block.
func (p *People) Hear(client string, tell func(Utterance)) (stop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listeners[&tell] = client
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.listeners, &tell)
	}
}
