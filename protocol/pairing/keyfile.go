package pairing

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pelletier/go-toml/v2"

	"vapd/internal/durable"
)

// KeyFile is a Pairing to be put on a satellite, or given to a skill, beforehand. Whoever
// reads the file is that satellite to the hub.
type KeyFile struct {
	Pairing Pairing
	Address string // host and port of the hub; a hint, may be empty
}

// Export makes the key of a satellite and stores it, for a KeyFile. The satellite takes
// its id from the file.
func (s *Server) Export(satellite Satellite, address string) (KeyFile, error) {
	if err := checkParty("satellite", satellite.ID, satellite.Name); err != nil {
		return KeyFile{}, err
	}
	key, err := random(s.cfg.Rand, KeySize)
	if err != nil {
		return KeyFile{}, err
	}
	p := Pairing{HubID: s.cfg.HubID, HubName: s.cfg.HubName, ID: satellite.ID, Name: satellite.Name, Key: Key(key)}
	e := Event{Kind: Paired, Way: ByFile, ID: p.ID, Name: p.Name, Replaces: s.cfg.Keys.Paired(p.ID)}
	if err := s.cfg.Keys.Offer(p); err != nil {
		return KeyFile{}, fmt.Errorf("pairing: storing the key of %s: %w", p.ID, err)
	}
	s.happened(e)
	return KeyFile{p, address}, nil
}

// keyFile is a KeyFile as TOML.
type keyFile struct {
	Version   int    `toml:"version"`
	Hub       string `toml:"hub"`
	HubName   string `toml:"hub_name"`
	Address   string `toml:"address"`
	Satellite string `toml:"satellite"`
	Name      string `toml:"name"`
	Key       string `toml:"key"`
	Check     string `toml:"check"`
}

// check is the fingerprint of everything before it, against typing errors.
func (f keyFile) check() string {
	sum := digest("key file", []byte(f.Hub), []byte(f.HubName), []byte(f.Address), []byte(f.Satellite), []byte(f.Name), []byte(f.Key))
	return hex.EncodeToString(sum[:6])
}

const keyFileHead = `# The key of one vapd satellite. Put this file on it (vapd satellite pair --key FILE),
# keep it from everybody else, and delete it when the satellite has connected.
`

const skillKeyFileHead = `# The key of one vapd skill. Take it over where the skill runs (vapd skill pair --key FILE),
# keep it from everybody else, and delete it then.
`

// Encode writes the file's text.
func (k KeyFile) Encode() []byte {
	p := k.Pairing
	f := keyFile{
		Version: Version, Hub: p.HubID, HubName: p.HubName, Address: k.Address, Satellite: p.ID, Name: p.Name,
		Key: base64.StdEncoding.EncodeToString(p.Key[:]),
	}
	f.Check = f.check()
	text, err := toml.Marshal(f)
	if err != nil {
		panic("pairing: " + err.Error()) // strings and a number
	}
	head := keyFileHead
	if ofSkill(p.ID) {
		head = skillKeyFileHead
	}
	return append([]byte(head), text...)
}

// Save writes the file, atomically and with mode 0600.
func (k KeyFile) Save(path string) error {
	if err := (durable.File{Path: path, Mode: 0o600}).Save(k.Encode()); err != nil {
		return fmt.Errorf("pairing: the key file: %w", err)
	}
	return nil
}

// maxKeyFile bounds what is read as a key file, in bytes.
const maxKeyFile = 4096

// ReadKeyFile reads a file that Save wrote.
func ReadKeyFile(path string) (KeyFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return KeyFile{}, fmt.Errorf("pairing: the key file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return KeyFile{}, fmt.Errorf("pairing: the key file: %w", err)
	}
	k, err := ParseKeyFile(text)
	if err != nil {
		return KeyFile{}, fmt.Errorf("%w (%s)", err, path)
	}
	return k, nil
}

// ParseKeyFile reads what Encode wrote. Its errors quote nothing of the key.
func ParseKeyFile(text []byte) (KeyFile, error) {
	if len(text) > maxKeyFile {
		return KeyFile{}, fmt.Errorf("pairing: a key file of more than %d bytes: this is another file", maxKeyFile)
	}
	var f keyFile
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return KeyFile{}, tomlError(err)
	}
	key, err := base64.StdEncoding.DecodeString(f.Key)
	p := Pairing{HubID: f.Hub, HubName: f.HubName, ID: f.Satellite, Name: f.Name}
	switch {
	case f.Version != Version:
		return KeyFile{}, fmt.Errorf("pairing: a key file of version %d: this vapd reads version %d; make another one at the hub", f.Version, Version)
	case err != nil || len(key) != KeySize:
		return KeyFile{}, errors.New("pairing: the key in the key file is damaged: copy the file again")
	case f.Check != f.check():
		return KeyFile{}, errors.New("pairing: the check of the key file does not fit the rest: it was changed or damaged; copy it again")
	case !printable(f.Address):
		return KeyFile{}, errors.New("pairing: the address in the key file is damaged: copy the file again")
	}
	p.Key = Key(key)
	return KeyFile{p, f.Address}, errors.Join(checkParty("hub", p.HubID, p.HubName), checkParty("satellite", p.ID, p.Name))
}

// tomlError says where the text is wrong without the text, in which the key may be.
func tomlError(err error) error {
	var at *toml.DecodeError
	if errors.As(err, &at) {
		line, _ := at.Position()
		return fmt.Errorf("pairing: line %d of the key file can't be read: copy the file again", line)
	}
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		return errors.New("pairing: the key file has settings that no key file has: this is another file")
	}
	return errors.New("pairing: the key file can't be read: copy it again")
}
