package alsa

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

// Card is one sound card.
type Card struct {
	// Number is the card's place now; it may be another one after the next boot.
	Number int
	// ID is unique among the cards at one time: "seeed2micvoicec".
	ID string
	// Name is the short name, LongName adds where the card is connected.
	Name, LongName string
	// Driver is the kernel driver's name.
	Driver string
}

// Cards lists the cards by number. No card at all is not an error.
func Cards() ([]Card, error) {
	var cards []Card
	for number := range maxCards {
		ctl, err := openControl(number)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENXIO) {
			continue
		}
		if err != nil {
			return nil, err
		}
		card, err := ctl.card()
		ctl.close()
		if err != nil {
			continue // unplugged in this very moment
		}
		cards = append(cards, card)
	}
	return cards, nil
}

// findCard looks a card up by id, number or short name, in this order.
func findCard(want string) (Card, error) {
	cards, err := Cards()
	if err != nil {
		return Card{}, err
	}
	return pickCard(cards, want)
}

func pickCard(cards []Card, want string) (Card, error) {
	for _, c := range cards {
		if c.ID == want {
			return c, nil
		}
	}
	if n, err := strconv.Atoi(want); err == nil {
		for _, c := range cards {
			if c.Number == n {
				return c, nil
			}
		}
	}
	var named []Card
	for _, c := range cards {
		if c.Name == want {
			named = append(named, c)
		}
	}
	switch len(named) {
	case 1:
		return named[0], nil
	case 0:
		return Card{}, fmt.Errorf("alsa: no card %q: %w (cards: %s)", want, audio.ErrUnplugged, idsOf(cards))
	}
	return Card{}, fmt.Errorf("alsa: %d cards are named %q: use an id (%s)", len(named), want, idsOf(named))
}

func idsOf(cards []Card) string {
	if len(cards) == 0 {
		return "none"
	}
	ids := make([]string, len(cards))
	for i, c := range cards {
		ids[i] = c.ID
	}
	return strings.Join(ids, ", ")
}

// control is an open /dev/snd/controlC*.
type control struct{ fd int }

func openControl(card int) (*control, error) {
	path := filepath.Join(deviceFolder, "controlC"+strconv.Itoa(card))
	fd, err := openFile(path, unix.O_RDWR|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	return &control{fd}, nil
}

func (c *control) close() { _ = unix.Close(c.fd) }

func (c *control) card() (Card, error) {
	var info cardInfo
	if err := ioctl(c.fd, ctlCardInfoRequest, &info); err != nil {
		return Card{}, fmt.Errorf("alsa: asking a card for its name: %w", err)
	}
	return Card{
		Number:   int(info.card),
		ID:       text(info.id[:]),
		Name:     text(info.name[:]),
		LongName: text(info.longname[:]),
		Driver:   text(info.driver[:]),
	}, nil
}

// text is a C string of the kernel's.
func text(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return strings.ToValidUTF8(s, "?")
}
