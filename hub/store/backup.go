package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"
)

// Backup is what a backup file holds.
type Backup struct {
	Made time.Time // in whole seconds
	// Identity is the hub's id, so that a restored hub is the one its satellites know.
	Identity string
	records  records
}

// Records counts the records by bucket.
func (b *Backup) Records() map[string]int {
	n := make(map[string]int)
	for bucket, all := range b.records {
		n[bucket] = len(all)
	}
	return n
}

// backupMagic begins a backup file, with the version of its format. What follows are
// the time in seconds since 1970 (8 bytes, big endian), the identity, and of each record
// its bucket, key and value, each as its length (unsigned varint) and its bytes; an empty
// bucket ends them. Last comes the SHA-256 of all before it.
const backupMagic = "vapd hub backup 1\n"

// backupPrefix is what begins the magic of every version.
const backupPrefix = "vapd hub backup "

// maxBackup bounds the size of a backup that is read, in bytes.
const maxBackup = 256 << 20

func encodeBackup(b *Backup) []byte {
	out := binary.BigEndian.AppendUint64([]byte(backupMagic), uint64(b.Made.Unix()))
	out = appendField(out, b.Identity)
	for _, bucket := range slices.Sorted(maps.Keys(b.records)) {
		for _, key := range slices.Sorted(maps.Keys(b.records[bucket])) {
			out = appendField(appendField(appendField(out, bucket), key), b.records[bucket][key])
		}
	}
	out = appendField(out, "")
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

func appendField(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

// decodeBackup reads a backup. The error wraps ErrDamaged, or is ErrNewer.
func decodeBackup(data []byte) (*Backup, error) {
	rest, ok := bytes.CutPrefix(data, []byte(backupMagic))
	switch {
	case ok:
	case bytes.HasPrefix(data, []byte(backupPrefix)):
		return nil, ErrNewer
	default:
		return nil, fmt.Errorf("%w: it does not begin as a backup of a hub does", ErrDamaged)
	}
	if len(rest) < sha256.Size {
		return nil, fmt.Errorf("%w: its end is missing", ErrDamaged)
	}
	end := len(data) - sha256.Size
	if sha256.Sum256(data[:end]) != [sha256.Size]byte(data[end:]) {
		return nil, fmt.Errorf("%w: its checksum is wrong: take another backup", ErrDamaged)
	}
	b, err := parseBackup(rest[:len(rest)-sha256.Size])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return b, nil
}

func parseBackup(data []byte) (*Backup, error) {
	if len(data) < 8 {
		return nil, io.ErrUnexpectedEOF
	}
	f := fields{data: data[8:]}
	b := &Backup{
		Made:     time.Unix(int64(binary.BigEndian.Uint64(data)), 0),
		Identity: f.next(),
		records:  newRecords(),
	}
	for {
		bucket := f.next()
		if bucket == "" {
			break
		}
		c := Change{Bucket: bucket, Key: f.next(), Value: []byte(f.next())}
		if f.err != nil {
			break
		}
		if err := c.check(); err != nil {
			return nil, err
		}
		b.records.apply([]Change{c})
	}
	if f.err == nil && len(f.data) > 0 {
		f.err = fmt.Errorf("%d bytes after its end", len(f.data))
	}
	return b, f.err
}

// fields reads what appendField wrote; after an error it reads empty ones.
type fields struct {
	data []byte
	err  error
}

func (f *fields) next() string {
	n, size := binary.Uvarint(f.data)
	if f.err != nil || size <= 0 || n > uint64(len(f.data)-size) {
		f.data, f.err = nil, io.ErrUnexpectedEOF
		return ""
	}
	field := f.data[size : size+int(n)]
	f.data = f.data[size+int(n):]
	return string(field)
}

// ReadBackup reads and checks the backup file at path.
func ReadBackup(path string) (*Backup, error) {
	b, err := readBackupFile(path)
	if err != nil {
		return nil, fmt.Errorf("store: backup %s: %w", path, err)
	}
	return b, nil
}

func readBackupFile(path string) (*Backup, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBackup))
	if err != nil {
		return nil, err
	}
	return decodeBackup(data)
}
