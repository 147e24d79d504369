package satellite

import (
	"time"

	"vapd/board"
	"vapd/hal"
)

// powerUp is for how long after the machine got power a held key may reset it.
const powerUp = time.Minute

// mode is what s means for the table of keys; uptime is that of the machine. At
// power-up, too, the key first of all ends what rings or speaks.
func (s State) mode(uptime time.Duration) board.Mode {
	switch {
	case s.Ringing:
		return board.Ringing
	case s.Turn != TurnIdle || s.Announcing:
		return board.Turn
	case s.Pairing == PairComparing:
		return board.Comparing
	case uptime < powerUp:
		return board.PowerUp
	}
	return board.Idle
}

// pressed is the event of a gesture; false when it means nothing now.
func pressed(p board.Profile, g hal.Gesture, m board.Mode) (Event, bool) {
	action, ok := p.Action(g.Key, g.Kind, g.Held, m)
	if !ok {
		return nil, false
	}
	switch action {
	case board.Listen:
		return ListenPressed{At: g.At}, true
	case board.Stop:
		return StopPressed{}, true
	case board.Mute:
		return MutePressed{}, true
	case board.VolumeUp:
		return VolumePressed{Steps: 1}, true
	case board.VolumeDown:
		return VolumePressed{Steps: -1}, true
	case board.Pair:
		return PairPressed{}, true
	case board.Agree:
		return AgreePressed{}, true
	case board.Reset:
		return ResetPressed{}, true
	}
	return nil, false
}
