package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"vapd/audio"
	"vapd/board"
	"vapd/satellite/sound"
)

// card is a soundDevice that knows its formats when err is nil.
type card struct {
	audio.Device
	err error
}

func (c card) Formats() (capture, playback audio.Format, err error) {
	return audio.Format{Rate: audio.WakeRate, Channels: 1}, audio.Format{}, c.err
}

func TestAbsentCard(t *testing.T) {
	for name, c := range map[string]struct {
		card absentCard
		want error
	}{
		"still absent":         {absentCard{card{err: audio.ErrUnplugged}, []string{"none-a", "none-b"}, "none-a"}, audio.ErrUnplugged},
		"there":                {absentCard{card{}, nil, ""}, sound.ErrChanged},
		"there, by other name": {absentCard{card{err: audio.ErrUnplugged}, []string{"none-a"}, "none-b"}, sound.ErrChanged},
	} {
		synctest.Test(t, func(t *testing.T) {
			if err := c.card.Run(t.Context(), nil); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", name, err, c.want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := (absentCard{device: card{}}).Run(ctx, nil); err != nil {
			t.Errorf("one that is closed in time: got %v", err)
		}
	})
}

func TestMicrophones(t *testing.T) {
	for _, c := range []struct {
		configured, board []int
		channels          int
		want              int // the last of them
	}{
		{nil, nil, 2, 0},
		{nil, []int{0, 1}, 2, 1},
		{nil, []int{0, 1}, 1, 0},
		{nil, []int{3}, 2, 0},
		{[]int{2}, []int{0, 1}, 4, 2},
	} {
		got := microphones(c.configured, c.board, c.channels)
		if len(got) == 0 || got[len(got)-1] != c.want {
			t.Errorf("%v, %v of %d channels: got %v", c.configured, c.board, c.channels, got)
		}
	}
}

// A card is looked for once a second and more; what is wrong is logged once.
func TestMixerLogsChangesOnly(t *testing.T) {
	var log bytes.Buffer
	m := cardMixer{card: "none", want: []board.Setting{{Control: "Capture Switch", Value: "on"}}, logger: slog.New(slog.NewTextHandler(&log, nil))}
	for range 3 {
		m.set()
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings:\n%s", n, &log)
	}
	m.want = nil
	for range 3 {
		m.set()
	}
	if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "level=INFO") {
		t.Errorf("the end of it is not logged once:\n%s", &log)
	}
}
