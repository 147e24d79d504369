package speaker

import (
	"bytes"
	_ "embed" // of the model
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"vapd/wakeword/enroll"
)

// A file of a model is magic, the network's sum (uint32, little-endian like all), numbers
// in their order, and the CRC-32 (IEEE) of all that.
const magic = "vapdwho1"

//go:embed voices.model
var modelFile []byte

// Default is the model that comes with the program, of the network that does.
func Default() (*Model, error) {
	n, err := enroll.Default()
	if err != nil {
		return nil, err
	}
	return Open(n, modelFile)
}

// Encode is the model as a file.
func (m *Model) Encode() []byte {
	data := binary.LittleEndian.AppendUint32([]byte(magic), m.network.Sum())
	data, err := binary.Append(data, binary.LittleEndian, &m.numbers)
	if err != nil {
		panic(err) // numbers are of a fixed size
	}
	return binary.LittleEndian.AppendUint32(data, crc32.ChecksumIEEE(data))
}

// Sum names the model: voices of one model tell another nothing.
func (m *Model) Sum() uint32 {
	data := m.Encode()
	return binary.LittleEndian.Uint32(data[len(data)-4:])
}

// Open makes a model of a file; the network is the one that it was learnt with.
func Open(network *enroll.Network, file []byte) (*Model, error) {
	m := &Model{network: network}
	head := len(magic) + 4
	if len(file) != head+binary.Size(m.numbers)+4 || !bytes.HasPrefix(file, []byte(magic)) {
		return nil, errors.New("speaker: not a file of a model of voices")
	}
	body := file[:len(file)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(file[len(body):]) {
		return nil, errors.New("speaker: the file of the model of voices is damaged")
	}
	if binary.LittleEndian.Uint32(body[len(magic):]) != network.Sum() {
		return nil, errors.New("speaker: the model of voices is of another network: learn it again (make model-speaker)")
	}
	if _, err := binary.Decode(body[head:], binary.LittleEndian, &m.numbers); err != nil {
		return nil, fmt.Errorf("speaker: %w", err)
	}
	return m, m.check()
}

// check refuses numbers that can't be reckoned with.
func (n *numbers) check() error {
	for _, numbers := range [][]float32{n.Mean[:], n.Deviation[:], n.Loading[:], n.Centre[:], n.Base[:], n.Between[:], n.Calibration[:]} {
		for _, v := range numbers {
			if !(math.Abs(float64(v)) < 1e6) {
				return fmt.Errorf("speaker: the model of voices has the number %v", v)
			}
		}
	}
	for _, v := range n.Deviation {
		if v <= 0 {
			return fmt.Errorf("speaker: the model of voices has the deviation %v", v)
		}
	}
	for _, v := range n.Between {
		if v <= 0 {
			return fmt.Errorf("speaker: the model of voices has the variance %v", v)
		}
	}
	return nil
}
