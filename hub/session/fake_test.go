package session

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vapd/audio"
	"vapd/hub/speech"
	"vapd/protocol/clientregistry"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/wakeword/speaker"
)

// fakeRemote keeps what the session does to its client.
type fakeRemote struct {
	client clientregistry.ClientInfo

	mu      sync.Mutex
	granted int
	refused *vap.Error
	heard   []uint32
	answers map[uint32]vap.Answer
	failed  map[uint32]*vap.Error
	stream  *fakeStream
	waited  func() // of streams
}

func (r *fakeRemote) ID() uint64                        { return 7 }
func (r *fakeRemote) Client() clientregistry.ClientInfo { return r.client }
func (r *fakeRemote) do(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}
func (r *fakeRemote) Grant()                           { r.do(func() { r.granted++ }) }
func (r *fakeRemote) Refuse(e *vap.Error)              { r.do(func() { r.refused = e }) }
func (r *fakeRemote) Heard(turn, _ uint32)             { r.do(func() { r.heard = append(r.heard, turn) }) }
func (r *fakeRemote) Answer(turn uint32, a vap.Answer) { r.do(func() { r.answers[turn] = a }) }
func (r *fakeRemote) Fail(turn uint32, e *vap.Error)   { r.do(func() { r.failed[turn] = e }) }
func (r *fakeRemote) Stream(codec string, _ int) Stream {
	r.do(func() { r.stream = &fakeStream{codec: codec, waited: r.waited} })
	return r.stream
}

type fakeStream struct {
	codec  string
	bytes  int
	pieces int
	last   bool
	err    error
	waited func() // is called by a Wait that then waits for the session's end
}

func (s *fakeStream) Announcement() vap.Capability {
	return vap.Sound{Stream: 3, Codec: s.codec, Rate: 16000}.Capability()
}

func (s *fakeStream) Send(_ context.Context, data []byte, last bool) error {
	if s.last {
		return errors.New("a piece after the last one")
	}
	s.pieces++
	s.bytes += len(data)
	s.last = last
	return s.err
}

func (s *fakeStream) Wait(ctx context.Context) error {
	if s.waited == nil {
		return nil
	}
	s.waited()
	<-ctx.Done()
	return ctx.Err()
}

// fakeEngine recognizes and says what it is told to.
type fakeEngine struct {
	transcript speech.Transcript
	finish     error
	failed     chan struct{} // of utterances
	samples    []int16       // that the recognizer got
	closed     int

	spoken []int16
	format audio.Format
	speak  error
}

func (f *fakeEngine) Listen() speech.Utterance { return &fakeUtterance{engine: f} }

type fakeUtterance struct{ engine *fakeEngine }

func (u *fakeUtterance) Write(s []int16)         { u.engine.samples = append(u.engine.samples, s...) }
func (u *fakeUtterance) Partial() speech.Partial { return speech.Partial{} }
func (u *fakeUtterance) Pausing(bool)            {}
func (u *fakeUtterance) Failed() <-chan struct{} { return u.engine.failed }
func (u *fakeUtterance) Finish(context.Context) (speech.Transcript, error) {
	return u.engine.transcript, u.engine.finish
}
func (u *fakeUtterance) Close() { u.engine.closed++ }

func (f *fakeEngine) Speak(_ context.Context, _, _ string, emit func(speech.Piece) error) error {
	for s := f.spoken; len(s) > 0; {
		n := min(1000, len(s))
		if err := emit(speech.Piece{Format: f.format, Samples: s[:n]}); err != nil {
			return err
		}
		s = s[n:]
	}
	return f.speak
}

type noCodecs struct{}

func (noCodecs) Names() []string                 { return nil }
func (noCodecs) Decoder(string) (Decoder, error) { return nil, errors.New("no such codec") }
func (noCodecs) Encoder(string) (Encoder, error) { return nil, errors.New("no such codec") }

// bench is a session with all its fakes.
type bench struct {
	*Session
	remote *fakeRemote
	engine *fakeEngine
	reply  Reply
	asked  []string
	by     []speaker.Hint // who asked
	events []control.HubEvent
	over   bool
	spoken time.Time // when the last fragment was sent
}

var streaming = clientregistry.ClientInfo{ID: "sat", Listed: true, Capabilities: []vap.Offer{
	{Name: vap.CapSound, Stream: true, Codecs: []string{vap.CodecPCM}},
}}

// run runs change(bench) and then act against a running session, in a bubble.
func run(t *testing.T, start vap.SessionStart, change func(*bench, *Config), act func(*bench)) *bench {
	t.Helper()
	b := &bench{
		remote: &fakeRemote{client: streaming, answers: map[uint32]vap.Answer{}, failed: map[uint32]*vap.Error{}},
		engine: &fakeEngine{
			transcript: speech.Transcript{Text: "what time is it", Accepted: true},
			spoken:     slices.Repeat([]int16{1000}, 3210), format: audio.Format{Rate: 16000, Channels: 1},
		},
		reply: Reply{Say: "It is noon.", Understood: true},
	}
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{
			Recognizer: b.engine, Mouth: Mouth{Synthesizer: b.engine, Codecs: noCodecs{}},
			Endpoint: speech.DefaultEndpointConfig, Codecs: noCodecs{},
			Respond: func(_ context.Context, u Utterance) Reply {
				b.asked, b.by = append(b.asked, u.Text), append(b.by, u.By)
				r := b.reply
				b.reply.Again = false
				return r
			},
			Report: func(e control.HubEvent) { b.events = append(b.events, e) },
			Logger: discard,
		}
		if change != nil {
			change(b, &cfg)
		}
		var err error
		if b.Session, err = New(cfg, b.remote, start); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { b.Run(ctx); close(done) }()
		act(b)
		synctest.Wait()
		select {
		case <-done:
			b.over = true
		default:
		}
		cancel()
		<-done
	})
	return b
}

// settle lets everything happen that a second brings.
func (b *bench) settle() { time.Sleep(time.Second) }

// say sends n fragments of 20 ms of turn, the last one marked.
func (b *bench) say(turn uint32, n int, extra ...vap.Capability) {
	for i := range n {
		sound := vap.Sound{At: int64(i * 320), Data: make([]byte, 640)}.Capability()
		f := clientregistry.Fragment{Turn: turn, Seq: uint32(i), Capabilities: []vap.Capability{sound}, Received: time.Now(), Last: i == n-1}
		if i == 0 {
			f.Capabilities = append(extra, sound)
		}
		b.spoken = time.Now()
		b.Fragment(f)
		time.Sleep(20 * time.Millisecond)
	}
}

var discard = slog.New(slog.DiscardHandler)
