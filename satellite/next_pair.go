package satellite

// pairEvent is what an event of pairing changes; ok is false for another one.
func (s State) pairEvent(e Event) (next State, do []Command, ok bool) {
	switch e := e.(type) {
	case PairPressed:
		if s.pairs() {
			next, do = s.cancelPairing()
			return next, do, true
		}
		next, do = s.pair(PairOrder{})
	case PairAsked:
		next, do = s.pair(e.Order)
	case PairCancelled:
		next, do = s.cancelPairing()
	case AgreePressed:
		next, do = s.agree()
	case PairShows:
		next, do = s.compare(e)
	case PairEnded:
		next, do = s.paired(e)
	case PairSeen:
		if next = s; !s.pairs() {
			next.Pairing = PairIdle
		}
	default:
		return s, nil, false
	}
	return next, do, true
}

// pairs reports whether an attempt is under way.
func (s State) pairs() bool {
	return s.Pairing == PairSeeking || s.Pairing == PairComparing || s.Pairing == PairAgreed
}

func (s State) pair(o PairOrder) (State, []Command) {
	s.PairN++
	s.Pairing, s.Code = PairSeeking, PairCode{}
	return s, []Command{StartPairing{N: s.PairN, Order: o}, PlayChime{ChimeVolume}}
}

func (s State) compare(e PairShows) (State, []Command) {
	if s.Pairing != PairSeeking || s.PairN != e.N {
		return s, nil
	}
	s.Pairing, s.Code = PairComparing, e.Code
	return s, []Command{PlayChime{ChimeVolume}}
}

func (s State) agree() (State, []Command) {
	if s.Pairing != PairComparing {
		return s, nil
	}
	s.Pairing = PairAgreed
	return s, []Command{AgreePairing{}, PlayChime{ChimeVolume}}
}

func (s State) cancelPairing() (State, []Command) {
	if !s.pairs() {
		return s, nil
	}
	s.Pairing, s.Code = PairFailed, PairCode{}
	return s, []Command{CancelPairing{}, ShowPaired{}, PlayChime{ChimeError}}
}

func (s State) paired(e PairEnded) (State, []Command) {
	if !s.pairs() || s.PairN != e.N {
		return s, nil
	}
	chime := ChimeVolume
	s.Pairing, s.Code = PairDone, PairCode{}
	if !e.OK {
		s.Pairing, chime = PairFailed, ChimeError
	}
	return s, []Command{ShowPaired{}, PlayChime{chime}}
}
