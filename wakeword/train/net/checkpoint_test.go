package net

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vapd/internal/durable"
)

func TestResumedTrainingGivesTheSameModel(t *testing.T) {
	o := Options{Batch: 12, Shard: 4, Seed: 3, Mask: Mask{1, 1, 2, 2}}
	want := steps(t, mustTrainer(t, mustNet(t, small(), 3), o), 20)

	file := durable.File{Path: filepath.Join(t.TempDir(), "checkpoint")}
	first := mustTrainer(t, mustNet(t, small(), 3), o)
	for range 4 { // stopped and resumed, again and again
		steps(t, first, 5)
		if err := file.Save(first.Checkpoint()); err != nil {
			t.Fatal(err)
		}
		data, err := file.Load()
		if err != nil {
			t.Fatal(err)
		}
		if first, err = Resume(data, o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(first.Close)
	}
	if first.Steps() != 20 {
		t.Errorf("%d steps, want 20", first.Steps())
	}
	if got := slices.Concat(first.net.weights, first.net.moving); !slices.Equal(got, want) {
		t.Error("it gives another model")
	}
}

func TestDecode(t *testing.T) {
	n := trained(t, small())
	got, err := Decode(n.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.weights, n.weights) || !slices.Equal(got.moving, n.moving) || !bytes.Equal(got.Encode(), n.Encode()) {
		t.Error("the network that was read is another one")
	}
	if _, err := Decode(mustTrainer(t, n, Options{}).Checkpoint()); err != nil {
		t.Errorf("a checkpoint: %v", err)
	}
	if _, err := Resume(n.Encode(), Options{}); err == nil || !strings.Contains(err.Error(), "must be a checkpoint") {
		t.Errorf("resuming a network: %v", err)
	}
}

func TestResumeRefusesOtherOptions(t *testing.T) {
	o := Options{Batch: 8, Shard: 4, Seed: 3}
	data := mustTrainer(t, mustNet(t, small(), 3), o).Checkpoint()
	for _, change := range []func(o *Options){
		func(o *Options) { o.Seed++ }, func(o *Options) { o.Batch = 16 }, func(o *Options) { o.Shard = 2 },
		func(o *Options) { o.Features = 100 }, func(o *Options) { o.Decay = 0.1 }, func(o *Options) { o.Mask = Mask{1, 1, 1, 1} },
	} {
		other := o
		change(&other)
		if _, err := Resume(data, other); err == nil || !strings.Contains(err.Error(), "use the same options") {
			t.Errorf("%+v: the error is %v", other, err)
		}
	}
}

// sealed gives damaged data a right checksum.
func sealed(data []byte) []byte {
	body := data[:len(data)-4]
	return binary.LittleEndian.AppendUint32(slices.Clone(body), crc32.ChecksumIEEE(body))
}

func TestDecodeRefuses(t *testing.T) {
	good := mustNet(t, small(), 1).Encode()
	for name, data := range map[string][]byte{
		"not a network":     []byte("vapdnet2 and so on"),
		"checksum":          append(slices.Clone(good[:100]), good[101:]...),
		"not as long":       sealed(append(slices.Clone(good), 0, 0, 0, 0)),
		"is damaged":        sealed(good[:len(good)-4]),
		"header":            sealed(bytes.Replace(good, []byte(`"config"`), []byte(`"config,`), 1)),
		"channels is 0":     sealed(bytes.Replace(good, []byte(`"channels":6`), []byte(`"channels":0`), 1)),
		"the number NaN":    sealed(append(slices.Clone(good[:len(good)-8]), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)),
		"number of weights": encode(header{Config: Config{Channels: 1000, Stride: 1, Kernel: 500, Filters: 1000, Steps: 1, Head: []Dense{{Outputs: 1}}}}),
		"asks for":          encode(header{Config: Config{Channels: 1000, Stride: 1, Kernel: 4, Filters: 1000, Steps: 1, Head: []Dense{{Outputs: 1}}}}),
	} {
		if _, err := Decode(data); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error is %v, want one with %q", err, name)
		}
	}
}

// FuzzDecode: a file is refused or is a network that can be used, and is written as read.
func FuzzDecode(f *testing.F) {
	n := mustNet(f, Config{Channels: 2, Stride: 1, Kernel: 2, Filters: 2, Blocks: []Block{{[]int{1, 2}, 2}}, Steps: 1, Head: []Dense{{Outputs: 1}}}, 1)
	t, err := NewTrainer(n, Options{Batch: 2, Shard: 1})
	if err != nil {
		f.Fatal(err)
	}
	t.Close()
	f.Add(n.Encode())
	f.Add(t.Checkpoint())
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 4 {
			return
		}
		n, err := Decode(sealed(data)) // or the checksum would keep every change out
		if err != nil {
			return
		}
		if again, err := Decode(n.Encode()); err != nil || !bytes.Equal(again.Encode(), n.Encode()) {
			t.Fatalf("written and read it is another one: %v", err)
		}
		s := NewStream(n.Fold())
		s.Process(make([]int8, 3*s.Step()))
	})
}
