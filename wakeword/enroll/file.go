package enroll

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// A file of templates is magic, the CRC-32 (IEEE) of the network that they are of, how many
// there are (uint16, little-endian like all), of each its length (uint8) and its frames,
// whose values are int8 in units of 1/127, and the CRC-32 of all that.
const magic = "vapdsaid"

// maxTemplates is how many a file may have.
const maxTemplates = 1024

// Encode is the word as a file, which Network.Decode reads.
func (w *Word) Encode(n *Network) []byte { return encode(n.sum, w.templates) }

func encode(network uint32, templates []Template) []byte {
	data := binary.LittleEndian.AppendUint32([]byte(magic), network)
	data = binary.LittleEndian.AppendUint16(data, uint16(len(templates)))
	for _, t := range templates {
		data = append(data, byte(len(t)))
		for i := range t {
			for _, v := range t[i] {
				data = append(data, byte(int8(math.Round(float64(v)*127))))
			}
		}
	}
	return binary.LittleEndian.AppendUint32(data, crc32.ChecksumIEEE(data))
}

// Decode reads a word that was enrolled with this network. One of another network has to
// be enrolled again.
func (n *Network) Decode(data []byte) (*Word, error) {
	templates, err := decode(data, n.sum)
	if err != nil {
		return nil, err
	}
	return n.NewWord(templates)
}

var errDamaged = errors.New("enroll: the file is damaged: enroll the word again")

func decode(data []byte, network uint32) ([]Template, error) {
	const head = len(magic) + 4 + 2
	if len(data) < head+4 || string(data[:len(magic)]) != magic {
		return nil, errors.New("enroll: not a file of an enrolled word")
	}
	body, sum := data[:len(data)-4], data[len(data)-4:]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(sum) {
		return nil, errDamaged
	}
	if binary.LittleEndian.Uint32(body[len(magic):]) != network {
		return nil, errors.New("enroll: the word was enrolled for another version of the network: enroll it again")
	}
	count := int(binary.LittleEndian.Uint16(body[len(magic)+4:]))
	if count > maxTemplates {
		return nil, fmt.Errorf("enroll: the file has %d templates: must be %d at most", count, maxTemplates)
	}
	body = body[head:]
	var templates []Template
	for range count {
		if len(body) < 1 || len(body)-1 < int(body[0])*width {
			return nil, errDamaged
		}
		t := make(Template, body[0])
		body = body[1:]
		for i := range t {
			for k := range t[i] {
				t[i][k] = float32(int8(body[k])) / 127
			}
			t[i].unit()
			body = body[width:]
		}
		templates = append(templates, t)
	}
	if len(body) != 0 {
		return nil, errDamaged
	}
	return templates, nil
}
