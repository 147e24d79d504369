package satellite

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vapd/protocol/pairing"
)

// up is a satellite in its usual state.
var up = State{Link: LinkUp, Mic: MicRunning, TurnN: 4, Volume: Volume{50, 50, 50}}

func with(change func(*State)) State {
	s := up
	change(&s)
	return s
}

// pairIs is a satellite in its seventh attempt to pair.
func pairIs(p PairState) State { return with(func(s *State) { s.Pairing, s.PairN = p, 7 }) }

func inTurn(t TurnState) State { return with(func(s *State) { s.Turn = t }) }

// announced is a satellite that played nine announcements, and announcing plays one more.
var (
	announced  = with(func(s *State) { s.AnnouncementN = 10 })
	announcing = with(func(s *State) { s.Announcing, s.AnnouncementN = true, 10 })
	news       = &Announcement{}
)

func TestNext(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	wake := Wake{Word: "okay nabu", Score: 0.99}
	listening := with(func(s *State) { s.TurnN, s.Turn = 5, TurnListening })
	for name, c := range map[string]struct {
		from State
		e    Event
		to   State
		do   []Command
	}{
		"wake":                     {up, Woke{wake}, listening, []Command{StartTurn{N: 5, Wake: &wake}}},
		"wake while listening":     {inTurn(TurnListening), Woke{wake}, inTurn(TurnListening), nil},
		"wake while thinking":      {inTurn(TurnThinking), Woke{wake}, inTurn(TurnThinking), nil},
		"barge-in":                 {inTurn(TurnSpeaking), Woke{wake}, listening, []Command{CancelTurn{}, StartTurn{N: 5, Wake: &wake}}},
		"wake in the valve's wake": {with(func(s *State) { s.KeyMuted = true }), Woke{wake}, with(func(s *State) { s.KeyMuted = true }), nil},
		"wake ends an alarm": {
			with(func(s *State) { s.Ringing = true }),
			Woke{wake},
			with(func(s *State) { s.TurnN, s.Turn, s.Ringing = 5, TurnListening, true }),
			[]Command{StopAlarm{}, StartTurn{N: 5, Wake: &wake}},
		},
		"wake without a hub": {with(func(s *State) { s.Link = LinkSearching }), Woke{wake}, with(func(s *State) { s.Link = LinkSearching }), []Command{SaySorry{FailureNoHub}}},
		"key":                {up, ListenPressed{}, listening, []Command{StartTurn{N: 5}}},
		"key, when":          {up, ListenPressed{noon}, listening, []Command{StartTurn{N: 5, Key: noon}}},
		"key while muted":    {with(func(s *State) { s.NetMuted = true }), ListenPressed{}, with(func(s *State) { s.NetMuted = true }), []Command{PlayChime{ChimeMuted}}},
		"key, stalled mic":   {with(func(s *State) { s.Mic = MicStalled }), ListenPressed{}, with(func(s *State) { s.Mic = MicStalled }), []Command{PlayChime{ChimeError}}},
		"text while muted": {
			with(func(s *State) { s.KeyMuted = true }),
			Typed{"what time is it"},
			with(func(s *State) { s.KeyMuted, s.TurnN, s.Turn = true, 5, TurnThinking }),
			[]Command{StartTurn{N: 5, Text: "what time is it"}},
		},
		"stop an alarm first": {
			with(func(s *State) { s.Ringing, s.Turn = true, TurnSpeaking }),
			StopHeard{},
			with(func(s *State) { s.Ringing, s.Turn = true, TurnSpeaking }),
			[]Command{StopAlarm{}},
		},
		"stop an answer":    {inTurn(TurnSpeaking), StopPressed{}, up, []Command{CancelTurn{}}},
		"timer rings":       {up, TimersRing{true}, with(func(s *State) { s.Ringing = true }), []Command{SoundAlarm{true}}},
		"timer rings on":    {with(func(s *State) { s.Ringing = true }), TimersRing{true}, with(func(s *State) { s.Ringing = true }), nil},
		"timer was stopped": {with(func(s *State) { s.Ringing = true }), TimersRing{false}, up, []Command{SoundAlarm{false}}},
		"asked to stop": {
			with(func(s *State) { s.Ringing, s.Turn = true, TurnThinking }),
			StopAsked{},
			with(func(s *State) { s.Ringing, s.Turn = true, TurnThinking }),
			[]Command{StopAlarm{}},
		},
		"asked to stop itself": {inTurn(TurnThinking), StopAsked{}, inTurn(TurnThinking), nil},
		"stop nothing":         {up, StopPressed{}, up, nil},

		"announced":                        {with(func(s *State) { s.AnnouncementN = 9 }), Announced{news}, announcing, []Command{PlayAnnouncement{10, news}}},
		"announced while muted":            {with(func(s *State) { s.AnnouncementN, s.NetMuted = 9, true }), Announced{news}, with(func(s *State) { *s = announcing; s.NetMuted = true }), []Command{PlayAnnouncement{10, news}}},
		"announced while ringing":          {with(func(s *State) { s.AnnouncementN, s.Ringing = 9, true }), Announced{news}, with(func(s *State) { *s = announcing; s.Ringing = true }), []Command{PlayAnnouncement{10, news}}},
		"announced while listening":        {inTurn(TurnListening), Announced{news}, inTurn(TurnListening), []Command{RefuseAnnouncement{news}}},
		"announced into an answer":         {inTurn(TurnSpeaking), Announced{news}, inTurn(TurnSpeaking), []Command{RefuseAnnouncement{news}}},
		"announced into another":           {announcing, Announced{news}, announcing, []Command{RefuseAnnouncement{news}}},
		"announced while a code is shown":  {pairIs(PairComparing), Announced{news}, pairIs(PairComparing), []Command{RefuseAnnouncement{news}}},
		"announcement ends":                {announcing, AnnouncementEnded{10}, announced, nil},
		"announcement before ends":         {announcing, AnnouncementEnded{9}, announcing, nil},
		"stop an announcement":             {announcing, StopHeard{}, announced, []Command{CancelAnnouncement{}}},
		"wake ends an announcement":        {announcing, Woke{wake}, with(func(s *State) { *s = announced; s.TurnN, s.Turn = 5, TurnListening }), []Command{CancelAnnouncement{}, StartTurn{N: 5, Wake: &wake}}},
		"key without a hub silences it":    {with(func(s *State) { *s = announcing; s.Link = LinkSearching }), ListenPressed{}, with(func(s *State) { *s = announced; s.Link = LinkSearching }), []Command{CancelAnnouncement{}, SaySorry{FailureNoHub}}},
		"text ends an announcement":        {announcing, Typed{"x"}, with(func(s *State) { *s = announced; s.TurnN, s.Turn = 5, TurnThinking }), []Command{CancelAnnouncement{}, StartTurn{N: 5, Text: "x"}}},
		"mute ends an announcement":        {announcing, NetMute{true}, with(func(s *State) { *s = announced; s.NetMuted = true }), []Command{SetCapture{false}, CancelAnnouncement{}, PlayChime{ChimeMuted}}},
		"an alarm is stopped before":       {with(func(s *State) { *s = announcing; s.Ringing = true }), StopPressed{}, with(func(s *State) { *s = announcing; s.Ringing = true }), []Command{StopAlarm{}}},
		"an announcement outlives its hub": {announcing, LinkChanged{LinkSearching}, with(func(s *State) { *s = announcing; s.Link = LinkSearching }), nil},
		"mute ends the turn":               {inTurn(TurnListening), MutePressed{}, with(func(s *State) { s.KeyMuted = true }), []Command{SetCapture{false}, CancelTurn{}, PlayChime{ChimeMuted}}},
		"unmute":                           {with(func(s *State) { s.KeyMuted = true }), MutePressed{}, up, []Command{SetCapture{true}, PlayChime{ChimeUnmuted}}},
		"net can't open":                   {with(func(s *State) { s.KeyMuted, s.NetMuted = true, true }), NetMute{false}, with(func(s *State) { s.KeyMuted = true }), nil},
		"switch twice on":                  {with(func(s *State) { s.KeyMuted = true }), MuteSwitched{true}, with(func(s *State) { s.KeyMuted = true }), nil},
		"granted":                          {inTurn(TurnListening), TurnGranted{4}, inTurn(TurnListening), []Command{PlayChime{ChimeListening}}},
		"granted after heard":              {inTurn(TurnThinking), TurnGranted{4}, inTurn(TurnThinking), nil},
		"heard":                            {inTurn(TurnListening), TurnHeard{4}, inTurn(TurnThinking), nil},
		"speaks":                           {inTurn(TurnThinking), TurnSpeaks{4}, inTurn(TurnSpeaking), nil},
		"ended":                            {inTurn(TurnSpeaking), TurnEnded{4, false}, up, nil},
		"follow-up":                        {inTurn(TurnSpeaking), TurnEnded{4, true}, listening, []Command{StartTurn{N: 5, Again: true}}},
		"no follow-up, muted":              {with(func(s *State) { s.Turn, s.KeyMuted = TurnSpeaking, true }), TurnEnded{4, true}, with(func(s *State) { s.KeyMuted = true }), nil},
		"failed":                           {inTurn(TurnThinking), TurnFailed{N: 4}, up, []Command{PlayChime{ChimeError}}},
		"focus lost":                       {inTurn(TurnListening), TurnFailed{4, FailureSilent}, up, nil},
		"no speech":                        {inTurn(TurnListening), TurnFailed{4, FailureNoSpeech}, up, []Command{SaySorry{FailureNoSpeech}}},
		"stale end":                        {inTurn(TurnListening), TurnEnded{3, true}, inTurn(TurnListening), nil},
		"stale failure":                    {inTurn(TurnListening), TurnFailed{N: 3}, inTurn(TurnListening), nil},
		"mic stalls":                       {inTurn(TurnListening), MicChanged{MicStalled}, with(func(s *State) { s.Mic = MicStalled }), []Command{CancelTurn{}, PlayChime{ChimeError}}},
		"hub goes":                         {inTurn(TurnThinking), LinkChanged{LinkSearching}, with(func(s *State) { s.Link = LinkSearching }), []Command{CancelTurn{}, PlayChime{ChimeError}}},
		"hub goes, speaking":               {inTurn(TurnSpeaking), LinkChanged{LinkSearching}, with(func(s *State) { s.Turn, s.Link = TurnSpeaking, LinkSearching }), nil},
		"pair": {
			up,
			PairPressed{},
			with(func(s *State) { s.Pairing, s.PairN = PairSeeking, 1 }),
			[]Command{StartPairing{N: 1}, PlayChime{ChimeVolume}},
		},
		"pair in a turn": {
			inTurn(TurnListening),
			PairPressed{},
			with(func(s *State) { s.Turn, s.Pairing, s.PairN = TurnListening, PairSeeking, 1 }),
			[]Command{StartPairing{N: 1}, PlayChime{ChimeVolume}},
		},
		"hold again":           {comparing, PairPressed{}, pairIs(PairFailed), []Command{CancelPairing{}, ShowPaired{}, PlayChime{ChimeError}}},
		"pair anew":            {comparing, PairAsked{PairOrder{HubID: "x"}}, with(func(s *State) { s.Pairing, s.PairN = PairSeeking, 8 }), []Command{StartPairing{8, PairOrder{HubID: "x"}}, PlayChime{ChimeVolume}}},
		"code":                 {pairIs(PairSeeking), PairShows{7, PairCode{Digits: "123 456"}}, comparing, []Command{PlayChime{ChimeVolume}}},
		"second code":          {comparing, PairShows{7, PairCode{Digits: "9"}}, comparing, nil},
		"stale code":           {pairIs(PairSeeking), PairShows{6, PairCode{Digits: "9"}}, pairIs(PairSeeking), nil},
		"agree":                {comparing, AgreePressed{}, with(func(s *State) { *s = comparing; s.Pairing = PairAgreed }), []Command{AgreePairing{}, PlayChime{ChimeVolume}}},
		"agree to nothing":     {pairIs(PairSeeking), AgreePressed{}, pairIs(PairSeeking), nil},
		"stop does not agree":  {comparing, StopPressed{}, comparing, nil},
		"hub asks to stop":     {comparing, StopAsked{}, comparing, nil},
		"paired":               {with(func(s *State) { *s = comparing; s.Pairing = PairAgreed }), PairEnded{7, true}, pairIs(PairDone), []Command{ShowPaired{}, PlayChime{ChimeVolume}}},
		"paired without a key": {pairIs(PairSeeking), PairEnded{7, true}, pairIs(PairDone), []Command{ShowPaired{}, PlayChime{ChimeVolume}}},
		"not paired":           {comparing, PairEnded{7, false}, pairIs(PairFailed), []Command{ShowPaired{}, PlayChime{ChimeError}}},
		"stale pairing":        {comparing, PairEnded{6, true}, comparing, nil},
		"cancel no pairing":    {up, PairCancelled{}, up, nil},
		"seen":                 {pairIs(PairDone), PairSeen{}, pairIs(PairIdle), nil},
		"seen too late":        {comparing, PairSeen{}, comparing, nil},
		"reset":                {up, ResetPressed{}, up, []Command{CancelPairing{}, Reset{}}},
		"recorded":             {up, Recording{On: true}, with(func(s *State) { s.Recorded = true }), nil},
		"not recorded":         {with(func(s *State) { s.Recorded = true }), Recording{}, up, nil},
		"near misses":          {up, Recording{true, true}, with(func(s *State) { s.Recorded, s.NearMisses = true, true }), nil},
		"no near misses":       {with(func(s *State) { s.Recorded, s.NearMisses = true, true }), Recording{On: true}, with(func(s *State) { s.Recorded = true }), nil},
		"near misses alone":    {up, Recording{NearMisses: true}, up, nil},
		"near misses, no hub":  {with(func(s *State) { s.Recorded, s.NearMisses = true, true }), LinkChanged{LinkSearching}, with(func(s *State) { s.Link = LinkSearching }), nil},
		"recorded, hub goes":   {with(func(s *State) { s.Recorded = true }), LinkChanged{LinkSearching}, with(func(s *State) { s.Link = LinkSearching }), nil},
		"louder": {
			up,
			VolumePressed{1},
			with(func(s *State) { s.Volume = Volume{60, 60, 50} }),
			[]Command{SetVolume{Volume{60, 60, 50}}, PlayChime{ChimeVolume}},
		},
		"volume out of range": {
			up,
			VolumeSet{Volume{140, -3, 50}},
			with(func(s *State) { s.Volume = Volume{100, 0, 50} }),
			[]Command{SetVolume{Volume{100, 0, 50}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			to, do := c.from.Next(c.e)
			if d := cmp.Diff(c.to, to); d != "" {
				t.Errorf("state (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.do, do, cmp.Comparer(func(a, b pairing.Passcode) bool { return a == b })); d != "" {
				t.Errorf("commands (-want +got):\n%s", d)
			}
		})
	}
}

// Whatever happens in whatever order: muted, nothing listens; the capture valve
// follows the mute bits; and turn numbers only grow.
func TestNextInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, open := State{}, true
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			before := s
			var do []Command
			e := anyEvent(s).Draw(t, "event")
			s, do = s.Next(e)
			for _, c := range do {
				switch c := c.(type) {
				case SetCapture:
					open = c.Open
				case StartTurn:
					if c.N <= before.TurnN {
						t.Fatalf("turn %d started after %d", c.N, before.TurnN)
					}
				}
			}
			if s.KeyMuted != before.KeyMuted && !byHand(e) {
				t.Fatalf("%T moved the device's own mute bit", e)
			}
			if slices.Contains(do, Command(AgreePairing{})) && e != (AgreePressed{}) {
				t.Fatalf("%T agreed to a pairing", e)
			}
			if open == s.Muted() {
				t.Fatalf("capture open is %v while muted is %v", open, s.Muted())
			}
			if s.Muted() && s.Turn == TurnListening {
				t.Fatal("listens while muted")
			}
			if s.Announcing && s.Turn != TurnIdle {
				t.Fatal("announces in a turn")
			}
			if s.AnnouncementN < before.AnnouncementN {
				t.Fatal("announcements are numbered backwards")
			}
		}
	})
}

// byHand reports whether e is what a hand does to the mute key or switch.
func byHand(e Event) bool {
	switch e.(type) {
	case MutePressed, MuteSwitched:
		return true
	}
	return false
}

func anyEvent(s State) *rapid.Generator[Event] {
	return rapid.Custom(func(t *rapid.T) Event {
		n := s.TurnN - uint32(rapid.IntRange(0, 1).Draw(t, "stale"))
		on := rapid.Bool().Draw(t, "on")
		return rapid.SampledFrom([]Event{
			ListenPressed{},
			StopPressed{},
			MutePressed{},
			MuteSwitched{on},
			NetMute{on},
			Recording{on, n%2 == 0},
			VolumePressed{1},
			Woke{},
			StopHeard{},
			StopAsked{},
			Typed{"x"},
			Announced{news},
			AnnouncementEnded{s.AnnouncementN - n%2},
			TimersRing{on},
			TurnGranted{n},
			TurnHeard{n},
			TurnSpeaks{n},
			TurnEnded{n, on},
			TurnFailed{n, FailureNoHub},
			MicChanged{MicState(rapid.IntRange(0, 2).Draw(t, "mic"))},
			LinkChanged{LinkState(rapid.IntRange(0, 4).Draw(t, "link"))},
			PairPressed{},
			PairAsked{},
			AgreePressed{},
			PairCancelled{},
			PairShows{s.PairN - n%2, PairCode{Digits: "1"}},
			PairEnded{s.PairN - n%2, on},
			PairSeen{},
			ResetPressed{},
		}).Draw(t, "event")
	})
}
