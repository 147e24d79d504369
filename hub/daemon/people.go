package daemon

import (
	"strings"
	"time"

	"vapd/hub/people"
	"vapd/wakeword/speaker"
)

// openPeople opens those whose voice is known. Where they can't be read nobody is.
func openPeople(o Options, state string) (*people.People, error) {
	m, err := speaker.Default()
	if err != nil {
		return nil, err
	}
	p, err := people.Open(state, m, time.Now)
	if err != nil {
		o.Logger.Error("nobody's voice is known", "error", err)
	}
	if stale := p.Stale(); len(stale) > 0 {
		o.Logger.Warn("voices were heard by another version of vapd and are not known any more: let them be heard again",
			"people", strings.Join(stale, ", "), "remedy", "'vapd hub people add NAME'")
	}
	if o.Config.Focus.RequireSpeaker && len(p.List()) == len(p.Stale()) {
		o.Logger.Warn("focus.require_speaker refuses everybody, as nobody's voice is known", "remedy", "'vapd hub people add NAME'")
	}
	return p, nil
}
