package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"vapd/internal/durable"
)

const (
	// schema is the version of what is in the file.
	schema = 1
	// metaBucket holds the schema's version, under versionKey.
	metaBucket = "meta"
	versionKey = "version"
	// lockWait is how long the file's lock is waited for; the folder's own comes first.
	lockWait = time.Second
)

// file is an open hub.db.
type file struct {
	db *bolt.DB
	os *os.File // the same, to let go of it when bbolt can't
}

// openFile opens the file that is at path.
func openFile(path string, readOnly bool) (*file, error) {
	f := new(file)
	err := guard(func() (err error) {
		f.db, err = bolt.Open(path, 0o600, &bolt.Options{
			Timeout: lockWait, ReadOnly: readOnly, PreLoadFreelist: true, NoStatistics: true,
			FreelistType: bolt.FreelistMapType,
			OpenFile: func(path string, flag int, mode fs.FileMode) (*os.File, error) {
				var err error
				f.os, err = os.OpenFile(path, flag&^os.O_CREATE|syscall.O_NOFOLLOW, mode)
				return f.os, err
			},
		})
		return err
	})
	var system syscall.Errno
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, berrors.ErrTimeout):
		err = fmt.Errorf("%w (%s)", ErrInUse, path)
	case !errors.As(err, &system): // it opened, and makes no sense
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if f.os != nil {
		_ = f.os.Close() // bbolt may not have got that far
	}
	return nil, err
}

// createFile makes the file at path with these records, as a whole or not at all, and
// opens it.
func createFile(path string, all records) (*file, error) {
	tmp := path + ".new"
	if err := buildFile(tmp, all); err != nil {
		return nil, err
	}
	if err := os.Rename(tmp, path); err != nil {
		return nil, err
	}
	if err := durable.SyncFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return openFile(path, false)
}

// buildFile makes a file with these records at path, which may have a leftover, and puts
// it on the disk.
func buildFile(path string, all records) error {
	err := fillFile(path, all)
	if err != nil {
		_ = os.Remove(path) // it may not be there
	}
	return err
}

func fillFile(path string, all records) error {
	if err := writeLikeFolder(path, nil); err != nil {
		return err
	}
	f, err := openFile(path, false)
	if err != nil {
		return err
	}
	err = guard(func() error {
		return f.db.Update(func(tx *bolt.Tx) error { return fill(tx, all) })
	})
	return errors.Join(err, f.letGo(err)) // the transaction is on the disk
}

func fill(tx *bolt.Tx, all records) error {
	meta, err := tx.CreateBucket([]byte(metaBucket))
	if err != nil {
		return err
	}
	if err := put(meta, metaBucket, versionKey, strconv.AppendInt(nil, schema, 10)); err != nil {
		return err
	}
	for _, name := range buckets() {
		b, err := tx.CreateBucket([]byte(name))
		if err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(all[name])) {
			if err := put(b, name, key, []byte(all[name][key])); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply makes changes in one transaction.
func (f *file) apply(changes []Change) error {
	return guard(func() error {
		return f.db.Update(func(tx *bolt.Tx) error {
			for _, c := range changes {
				b := tx.Bucket([]byte(c.Bucket))
				if b == nil {
					return fmt.Errorf("%w: no bucket %s", ErrDamaged, c.Bucket)
				}
				if err := put(b, c.Bucket, c.Key, c.Value); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// put sets a record, or deletes it when value is nil. The bucket's sequence number,
// which bbolt leaves to its user, is the sum of the checksums of its records: so one
// that is missing is noticed.
func put(b *bolt.Bucket, bucket, key string, value []byte) error {
	sum := b.Sequence()
	if old := b.Get([]byte(key)); old != nil {
		if len(old) < sumSize {
			return fmt.Errorf("%w: %s %q is too short", ErrDamaged, bucket, key)
		}
		sum -= uint64(binary.BigEndian.Uint32(old))
	}
	var err error
	if value == nil {
		err = b.Delete([]byte(key))
	} else {
		check := checksum(bucket, key, value)
		sum += uint64(check)
		sealed := append(binary.BigEndian.AppendUint32(make([]byte, 0, sumSize+len(value)), check), value...)
		err = b.Put([]byte(key), sealed)
	}
	if err != nil {
		return err
	}
	return b.SetSequence(sum)
}

// sumSize is the size of the checksum before each value.
const sumSize = 4

// checksum is a record's CRC-32C. The lengths keep bucket, key and value apart.
func checksum(bucket, key string, value []byte) uint32 {
	head := binary.AppendUvarint(nil, uint64(len(bucket)))
	head = append(binary.AppendUvarint(append(head, bucket...), uint64(len(key))), key...)
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(head, table), table, value)
}

// load reads all records, and checks every one.
func (f *file) load() (all records, err error) {
	err = guard(func() error {
		return f.db.View(func(tx *bolt.Tx) (err error) {
			all, err = load(tx)
			return err
		})
	})
	return all, err
}

func load(tx *bolt.Tx) (records, error) {
	meta, err := loadBucket(tx, metaBucket)
	if err != nil {
		return nil, err
	}
	version, err := strconv.Atoi(meta[versionKey])
	if err != nil {
		return nil, fmt.Errorf("%w: its version is %q", ErrDamaged, meta[versionKey])
	}
	if version > schema {
		return nil, fmt.Errorf("%w (it has version %d, this program knows %d)", ErrNewer, version, schema)
	}
	all := newRecords()
	for _, name := range buckets() {
		if all[name], err = loadBucket(tx, name); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func loadBucket(tx *bolt.Tx, name string) (map[string]string, error) {
	b := tx.Bucket([]byte(name))
	if b == nil {
		return nil, fmt.Errorf("%w: no bucket %s", ErrDamaged, name)
	}
	all, sum := make(map[string]string), uint64(0)
	err := b.ForEach(func(k, v []byte) error {
		if len(v) < sumSize || checksum(name, string(k), v[sumSize:]) != binary.BigEndian.Uint32(v) {
			return fmt.Errorf("%w: %s %q is not as it was written", ErrDamaged, name, k)
		}
		sum += uint64(binary.BigEndian.Uint32(v))
		all[string(k)] = string(v[sumSize:])
		return nil
	})
	if err == nil && sum != b.Sequence() {
		err = fmt.Errorf("%w: records of %s are missing", ErrDamaged, name)
	}
	return all, err
}

// letGo closes a file after its use ended with err. When bbolt panicked its locks are never
// released, so that its own Close would wait for ever: then the mapping stays until the
// process ends.
func (f *file) letGo(err error) error {
	if errors.Is(err, errPanic) {
		return f.os.Close()
	}
	return guard(f.db.Close)
}

// errPanic says that bbolt panicked.
var errPanic = errors.New("bbolt panicked")

// guard runs f, which uses bbolt, and makes an error of a panic, also of one by a page
// that can't be read from the disk.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %w: %v", ErrDamaged, errPanic, r)
		}
	}()
	return f()
}
