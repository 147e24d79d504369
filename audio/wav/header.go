package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"vapd/audio"
)

// Tags of the fmt chunk.
const (
	tagPCM        = 1
	tagFloat      = 3
	tagExtensible = 0xFFFE
)

// unknownSize in the data chunk's header says that the writer could not seek back.
const unknownSize = 0xFFFFFFFF

const remedy = "convert it with: sox IN.wav -e signed -b 16 OUT.wav"

// encoding is how a sample lies in the file: bytes wide, little endian.
type encoding struct {
	bytes int
	float bool
}

// readHeader reads up to the first byte of the data chunk. size is what the data
// chunk claims to hold, in bytes.
func readHeader(r io.Reader) (f audio.Format, e encoding, size uint32, err error) {
	var riff [12]byte
	if _, err := io.ReadFull(r, riff[:]); err != nil {
		return f, e, 0, fmt.Errorf("wav: not a WAV file: %w", tooShort(err))
	}
	if id := string(riff[:4]); id != "RIFF" || string(riff[8:]) != "WAVE" {
		if id == "RF64" || id == "RIFX" || id == "FORM" {
			return f, e, 0, fmt.Errorf("wav: %s files are not supported: %s", id, remedy)
		}
		return f, e, 0, errors.New("wav: not a WAV file: it does not begin with RIFF and WAVE")
	}
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return f, e, 0, fmt.Errorf("wav: no data chunk: %w", tooShort(err))
		}
		size := binary.LittleEndian.Uint32(chunk[4:])
		switch string(chunk[:4]) {
		case "fmt ":
			if f, e, err = readFormat(r, size); err != nil {
				return f, e, 0, err
			}
		case "data":
			if f.Channels == 0 {
				return f, e, 0, errors.New("wav: the data chunk comes before the fmt chunk")
			}
			return f, e, size, nil
		default:
			if err := skip(r, padded(size)); err != nil {
				return f, e, 0, fmt.Errorf("wav: chunk %q of %d bytes: %w", chunk[:4], size, err)
			}
		}
	}
}

// readFormat reads the fmt chunk.
func readFormat(r io.Reader, size uint32) (f audio.Format, e encoding, err error) {
	var b [40]byte
	if size < 16 {
		return f, e, fmt.Errorf("wav: fmt chunk of %d bytes: must be 16 or more", size)
	}
	n := min(size, uint32(len(b)))
	if _, err := io.ReadFull(r, b[:n]); err != nil {
		return f, e, fmt.Errorf("wav: fmt chunk: %w", tooShort(err))
	}
	if err := skip(r, padded(size)-int64(n)); err != nil {
		return f, e, fmt.Errorf("wav: fmt chunk of %d bytes: %w", size, err)
	}
	tag := binary.LittleEndian.Uint16(b[0:])
	channels := int(binary.LittleEndian.Uint16(b[2:]))
	rate := binary.LittleEndian.Uint32(b[4:])
	align := int(binary.LittleEndian.Uint16(b[12:]))
	bits := int(binary.LittleEndian.Uint16(b[14:]))
	if tag == tagExtensible && n == 40 && string(b[26:40]) == guidTail {
		tag = binary.LittleEndian.Uint16(b[24:])
	}
	f = audio.Format{Rate: audio.SampleRate(min(rate, 1<<30)), Channels: channels}
	if err := f.Validate(); err != nil {
		return audio.Format{}, e, fmt.Errorf("wav: fmt chunk: %w", err)
	}
	// The container, not the number of valid bits, says where a sample lies: valid
	// bits are the upper ones.
	e = encoding{bytes: align / channels, float: tag == tagFloat}
	switch {
	case tag != tagPCM && tag != tagFloat:
		return audio.Format{}, e, fmt.Errorf("wav: encoding %#04x is not supported: %s", tag, remedy)
	case align%channels != 0 || bits == 0 || bits > 8*e.bytes:
		return audio.Format{}, e, fmt.Errorf("wav: fmt chunk: %d channels of %d bits in frames of %d bytes", channels, bits, align)
	case e.bytes > 4 || e.float && (e.bytes != 4 || bits != 32):
		return audio.Format{}, e, fmt.Errorf("wav: samples of %d bits (float: %v) are not supported: %s", bits, e.float, remedy)
	}
	return f, e, nil
}

// guidTail follows the tag in the SubFormat of WAVE_FORMAT_EXTENSIBLE:
// {0000xxxx-0000-0010-8000-00AA00389B71}.
const guidTail = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

// padded is the room that a chunk takes: an odd one is followed by one more byte.
func padded(size uint32) int64 { return int64(size) + int64(size&1) }

func skip(r io.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, r, n)
	return tooShort(err)
}

// tooShort names the end of the file as what it is in a header.
func tooShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// header is that of a file with size bytes of 16-bit PCM. It has the plain form for
// any number of channels: every reader takes it, and no channel mask is claimed.
func header(f audio.Format, size uint32) [44]byte {
	var b [44]byte
	copy(b[0:], "RIFF")
	binary.LittleEndian.PutUint32(b[4:], uint32(min(uint64(size)+36, unknownSize)))
	copy(b[8:], "WAVEfmt ")
	binary.LittleEndian.PutUint32(b[16:], 16)
	binary.LittleEndian.PutUint16(b[20:], tagPCM)
	binary.LittleEndian.PutUint16(b[22:], uint16(f.Channels))
	binary.LittleEndian.PutUint32(b[24:], uint32(f.Rate))
	binary.LittleEndian.PutUint32(b[28:], uint32(int(f.Rate)*2*f.Channels))
	binary.LittleEndian.PutUint16(b[32:], uint16(2*f.Channels))
	binary.LittleEndian.PutUint16(b[34:], 16)
	copy(b[36:], "data")
	binary.LittleEndian.PutUint32(b[40:], size)
	return b
}
