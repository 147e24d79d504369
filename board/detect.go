package board

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Detection is what a machine may be.
type Detection struct {
	Machine Machine
	// Candidates are the boards that fit equally well. None means that nothing of what
	// the kernel sees belongs to a board that is known here.
	Candidates []Candidate
}

// Candidate is a board that fits.
type Candidate struct {
	Board string // what its maker calls it
	// Profile is the id of the profile to use: GenericID for a board whose LEDs and keys
	// nobody has described yet.
	Profile string
	// Because is what speaks for it.
	Because []string
	// Check is how a person tells it from the other candidates.
	Check string
}

// known is a board as the kernel sees it.
type known struct {
	Candidate
	cards   []string
	chip    string // name of the codec on I2C
	address uint16
	hat     string // in the product of the HAT's EEPROM, in lower case without spaces
}

// knownBoards has every board that shares an id with one that has a profile, so that
// it is not mistaken for it. Sources: docs/boards.md.
func knownBoards() []known {
	const wm8960, inTree, seeed = "wm8960", "wm8960soundcard", "seeed2micvoicec"
	return []known{
		{
			Candidate{
				Board: "ReSpeaker 2-Mics Pi HAT v1, Keyestudio 2-mic HAT", Profile: "respeaker-2mic-v1",
				Check: "a button and three LEDs in a row between two microphones; the back says v1.x",
			},
			[]string{seeed, inTree},
			wm8960, 0x1a, "",
		},
		{
			Candidate{
				Board: "ReSpeaker 2-Mics Pi HAT v2.0", Profile: "respeaker-2mic-v2",
				Check: "a button and three LEDs in a row between two microphones; the back says v2.0",
			},
			[]string{seeed},
			"tlv320aic3104", 0x18, "",
		},
		{
			Candidate{
				Board: "Adafruit Voice Bonnet", Profile: GenericID,
				Check: "it says adafruit; its LEDs are on GPIO 5 and 6, which no profile drives yet",
			},
			[]string{seeed, inTree},
			wm8960, 0x1a, "",
		},
		{
			Candidate{
				Board: "Waveshare WM8960 Audio HAT", Profile: GenericID,
				Check: "it says Waveshare; it has no LEDs",
			},
			[]string{inTree},
			wm8960, 0x1a, "",
		},
		{
			Candidate{
				Board: "Raspberry Pi Codec Zero", Profile: GenericID,
				Check: "it says Codec Zero; two single LEDs",
			},
			[]string{"IQaudIOCODEC"},
			"da7213", 0x1a, "codeczero",
		},
	}
}

// Detect looks at the machine whose file system is root, os.DirFS("/"), and says
// which boards it may be. It reads files only: nothing is opened or asked on a bus.
func Detect(root fs.FS) (Detection, error) {
	m, err := Look(root)
	return Detection{Machine: m, Candidates: m.candidates()}, err
}

// candidates are the boards for which the most speaks: an EEPROM that names it, then
// card and codec, then the codec alone, then the card alone. A codec of another name
// where the board has its own speaks against it.
func (m Machine) candidates() []Candidate {
	var best []Candidate
	rank := 0
	for _, k := range knownBoards() {
		r, because := m.fits(k)
		if r == 0 || r < rank {
			continue
		}
		if r > rank {
			rank, best = r, nil
		}
		k.Because = because
		best = append(best, k.Candidate)
	}
	return best
}

// fits is how much speaks for k, and what.
func (m Machine) fits(k known) (rank int, because []string) {
	product := strings.ReplaceAll(strings.ToLower(m.HAT.Product), " ", "")
	if k.hat != "" && strings.Contains(product, k.hat) {
		rank += 4
		because = append(because, fmt.Sprintf("the HAT's EEPROM says %q", m.HAT.Product))
	}
	for _, c := range m.Chips {
		switch {
		case c.Name == k.chip && c.Address == k.address && c.Answered:
			rank += 2
			because = append(because, fmt.Sprintf("a %s answers at 0x%02x on I2C bus %d", c.Name, c.Address, c.Bus))
		case c.Answered && slices.ContainsFunc(knownBoards(), func(o known) bool { return c.Name == o.chip }):
			return 0, nil
		}
	}
	for _, c := range m.Cards {
		if slices.Contains(k.cards, c.ID) {
			rank++
			because = append(because, fmt.Sprintf("sound card %d is %s", c.Number, c.ID))
		}
	}
	return rank, because
}

// Profile is the profile to use when there is no doubt: exactly one board fits.
func (d Detection) Profile() (Profile, bool) {
	if len(d.Candidates) != 1 {
		return Profile{}, false
	}
	p, err := Find(d.Candidates[0].Profile)
	return p, err == nil
}
