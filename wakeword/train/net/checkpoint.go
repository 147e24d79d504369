package net

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"reflect"
)

// A file is magic, the length of the header (uint32, little-endian like all), the header
// in JSON, the numbers as float32, and the CRC-32 (IEEE) of all that. Numbers are the
// weights, then the moving moments and, of a checkpoint, the two moments of Adam.
const (
	magic     = "vapdnet1"
	maxHeader = 64 << 10
	minFile   = len(magic) + 4 + 4
)

type header struct {
	Config   Config    `json:"config"`
	Training *progress `json:"training,omitempty"` // of a checkpoint
}

// progress is where a training is, and what it depends on.
type progress struct {
	Step     int     `json:"step"`
	Seed     uint64  `json:"seed"`
	Features int     `json:"features"`
	Batch    int     `json:"batch"`
	Shard    int     `json:"shard"`
	Decay    float64 `json:"decay"`
	Mask     Mask    `json:"mask"`
}

func (t *Trainer) progress() *progress {
	o := &t.options
	return &progress{t.step, o.Seed, o.Features, o.Batch, o.Shard, o.Decay, o.Mask}
}

// Encode is the network as a file, which Decode reads.
func (n *Net) Encode() []byte {
	return encode(header{Config: n.config}, n.weights, n.moving)
}

// Checkpoint is the training as a file, which Resume reads. Save it in one piece, as
// internal/durable does.
func (t *Trainer) Checkpoint() []byte {
	return encode(header{t.net.config, t.progress()}, t.net.weights, t.net.moving, t.adam.first, t.adam.second)
}

func encode(h header, numbers ...[]float32) []byte {
	text, err := json.Marshal(h)
	if err != nil {
		panic(err) // it has nothing but numbers
	}
	data := binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(text)))
	data = append(data, text...)
	for _, vector := range numbers {
		for _, v := range vector {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
	}
	return binary.LittleEndian.AppendUint32(data, crc32.ChecksumIEEE(data))
}

// Decode reads a network that Encode or Checkpoint wrote.
func Decode(data []byte) (*Net, error) {
	n, _, _, err := decode(data)
	return n, err
}

// Resume goes on with a training as if it had not been interrupted. The options must be
// those that it began with; of Rate and Loss, which are not in the file, the caller knows.
func Resume(data []byte, o Options) (*Trainer, error) {
	n, was, adam, err := decode(data)
	if err != nil {
		return nil, err
	}
	if was == nil {
		return nil, errors.New("net: the file has a network only: must be a checkpoint")
	}
	t, err := NewTrainer(n, o)
	if err != nil {
		return nil, err
	}
	t.step, t.adam = was.Step, adam
	if now := t.progress(); !reflect.DeepEqual(was, now) {
		t.Close()
		return nil, fmt.Errorf("net: the training was begun with %+v and can't go on with %+v: use the same options or begin anew", *was, *now)
	}
	return t, nil
}

// Net is the network that is trained.
func (t *Trainer) Net() *Net { return t.net }

// decode reads a network and, of a checkpoint, where its training is.
func decode(data []byte) (*Net, *progress, *adam, error) {
	h, numbers, err := open(data)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := h.Config.Validate(); err != nil {
		return nil, nil, nil, err
	}
	// Every product has a weight, so nothing is made that the file has no numbers for.
	if 4*h.Config.Products() > len(numbers) {
		return nil, nil, nil, errSize
	}
	n := &Net{config: h.Config}
	n.build()
	vectors, a := [][]float32{n.weights, n.moving}, (*adam)(nil)
	if h.Training != nil {
		a = newAdam(len(n.weights))
		vectors = append(vectors, a.first, a.second)
		if h.Training.Step < 0 {
			return nil, nil, nil, fmt.Errorf("net: the file has had %d steps of training: must be 0 or more", h.Training.Step)
		}
	}
	for _, v := range vectors {
		if numbers, err = readNumbers(v, numbers); err != nil {
			return nil, nil, nil, err
		}
	}
	if len(numbers) != 0 {
		return nil, nil, nil, errSize
	}
	return n, h.Training, a, nil
}

var errSize = errors.New("net: the file is not as long as its network asks for: it is damaged")

// open checks what is around the numbers.
func open(data []byte) (h header, numbers []byte, err error) {
	if len(data) < minFile || string(data[:len(magic)]) != magic {
		return h, nil, errors.New("net: not a network of this trainer")
	}
	body, sum := data[:len(data)-4], data[len(data)-4:]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(sum) {
		return h, nil, errors.New("net: the file's checksum is wrong: it is damaged")
	}
	size := binary.LittleEndian.Uint32(body[len(magic):])
	body = body[len(magic)+4:]
	if size > maxHeader || int(size) > len(body) {
		return h, nil, errSize
	}
	if err := json.Unmarshal(body[:size], &h); err != nil {
		return h, nil, fmt.Errorf("net: the file's header: %w", err)
	}
	return h, body[size:], nil
}

// readNumbers fills v from the front of data and returns the rest.
func readNumbers(v []float32, data []byte) ([]byte, error) {
	if len(data) < 4*len(v) {
		return nil, errSize
	}
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		if d := v[i] - v[i]; d != 0 {
			return nil, fmt.Errorf("net: the file has the number %v: it is damaged", v[i])
		}
	}
	return data[4*len(v):], nil
}
