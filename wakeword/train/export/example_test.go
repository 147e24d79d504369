package export_test

import (
	"log"
	"os"

	"vapd/internal/durable"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/export"
	"vapd/wakeword/train/net"
)

// From clips of features to a pack, with a checkpoint every 500 steps.
func Example() {
	const steps = 10000
	options := net.Options{Seed: 1, Rate: net.Cosine(0.003, 200, steps)}
	checkpoint := durable.File{Path: "training"}
	var draw func(i uint64) net.Example // one of the clips that there are
	var calibration [][]int8            // some of them

	n, err := net.New(net.Default(), options.Seed)
	if err != nil {
		log.Fatal(err)
	}
	t, err := net.NewTrainer(n, options) // or net.Resume
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()
	batch := make([]net.Example, 128)
	for t.Steps() < steps {
		r := t.Rand()
		for i := range batch {
			batch[i] = draw(r.Uint64())
		}
		if _, err := t.Step(batch); err != nil {
			log.Fatal(err)
		}
		if t.Steps()%500 == 0 {
			if err := checkpoint.Save(t.Checkpoint()); err != nil {
				log.Fatal(err)
			}
		}
	}
	m, err := export.Quantize(n, calibration)
	if err != nil {
		log.Fatal(err)
	}
	manifest := pack.Manifest{
		WakeWord: "Computer", TrainedLanguages: []string{"en"},
		Micro: pack.Micro{ProbabilityCutoff: 0.95, SlidingWindowSize: 5},
	}
	save := func(path string, data []byte) error { return durable.File{Path: path, Mode: 0o644}.Save(data) }
	if err := m.Save(os.TempDir(), "computer", manifest, save); err != nil {
		log.Fatal(err)
	}
}
