package board

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Machine is what the kernel says about the hardware.
type Machine struct {
	Model string // "Raspberry Pi 4 Model B Rev 1.4"; empty on a PC
	HAT   HAT
	Cards []Card
	Chips []Chip
}

// HAT is what an add-on board's EEPROM says; zero when there is none, or none with an
// EEPROM.
type HAT struct{ Vendor, Product string }

// Card is a sound card.
type Card struct {
	Number   int
	ID, Name string
}

// Chip is a device on an I2C bus that the device tree or an overlay names.
type Chip struct {
	Bus     int
	Address uint16
	Name    string // of the part: "wm8960"
	// Answered is set when a driver talked to it: without, the chip may not be there.
	Answered bool
}

// longestFile is more than any file that is read has.
const longestFile = 64 << 10

// Look reads what the kernel says. root is the file system of the machine:
// os.DirFS("/"). What a machine lacks is empty; an error is a file that is there and
// can't be read.
func Look(root fs.FS) (Machine, error) {
	m := Machine{}
	var err error
	line := func(name string) string {
		b, e := read(root, name)
		if e != nil && err == nil {
			err = fmt.Errorf("board: looking at the hardware: %w", e)
		}
		return strings.TrimSpace(string(bytes.TrimRight(b, "\x00\n")))
	}
	m.Model = line("proc/device-tree/model")
	m.HAT = HAT{Vendor: line("proc/device-tree/hat/vendor"), Product: line("proc/device-tree/hat/product")}
	m.Cards = parseCards(line("proc/asound/cards"))
	const bus = "sys/bus/i2c/devices"
	// A machine without I2C has no such folder.
	entries, _ := fs.ReadDir(root, bus)
	for _, e := range entries {
		chip, ok := parseChip(e.Name())
		if !ok {
			continue
		}
		chip.Name = line(path.Join(bus, e.Name(), "name"))
		_, unbound := fs.Stat(root, path.Join(bus, e.Name(), "driver"))
		chip.Answered = unbound == nil
		m.Chips = append(m.Chips, chip)
	}
	return m, err
}

// read is the content of a file, nil when there is no such file.
func read(root fs.FS, name string) ([]byte, error) {
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, longestFile))
}

var cardLine = regexp.MustCompile(`^\s*(\d{1,2}) \[([^\]]*)\]: (.*)$`)

// parseCards reads /proc/asound/cards, which has two lines for each card:
//
//	1 [seeed2micvoicec]: simple-card - seeed2micvoicec
//	                     seeed2micvoicec
func parseCards(s string) []Card {
	var cards []Card
	lines := bufio.NewScanner(strings.NewReader(s))
	for lines.Scan() {
		match := cardLine.FindStringSubmatch(lines.Text())
		if match == nil {
			continue
		}
		number, _ := strconv.Atoi(match[1]) // two digits
		_, name, _ := strings.Cut(match[3], " - ")
		cards = append(cards, Card{Number: number, ID: strings.TrimSpace(match[2]), Name: strings.TrimSpace(name)})
	}
	return cards
}

// parseChip reads the name of a folder in /sys/bus/i2c/devices: "1-001a" is address
// 0x1a on bus 1; "i2c-1" is a bus.
func parseChip(name string) (Chip, bool) {
	bus, address, ok := strings.Cut(name, "-")
	b, errBus := strconv.ParseUint(bus, 10, 16)
	a, errAddress := strconv.ParseUint(address, 16, 16)
	return Chip{Bus: int(b), Address: uint16(a)}, ok && errBus == nil && errAddress == nil
}
