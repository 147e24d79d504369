package export

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"vapd/wakeword/pack"
)

// Save writes the pack of a model to a folder, which it makes where there is none: the
// model as id.tflite, and id.json. The manifest has everything that people decide; what
// the model decides is filled in. save replaces one file as a whole (as internal/durable
// does).
func (m *Model) Save(dir, id string, manifest pack.Manifest, save func(path string, data []byte) error) error {
	manifest.Type, manifest.Version, manifest.Model = "micro", 2, id+".tflite"
	if manifest.TrainedLanguages == nil {
		manifest.TrainedLanguages = []string{}
	}
	manifest.Micro.FeatureStepSize = 10
	manifest.Micro.TensorArenaSize = m.Arena
	manifest.Micro.MinimumESPHomeVersion = "2024.7.0" // the first that reads version 2
	data, err := json.Marshal(manifest)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	// Added as a pack of somebody else's is, which checks it.
	draft, err := os.MkdirTemp("", "vapd-pack-")
	if err != nil {
		return fmt.Errorf("export: making a folder for the pack: %w", err)
	}
	defer os.RemoveAll(draft)
	for name, data := range map[string][]byte{id + ".tflite": m.File, id + ".json": data} {
		if err := os.WriteFile(filepath.Join(draft, filepath.Base(name)), data, 0o600); err != nil {
			return fmt.Errorf("export: writing the pack: %w", err)
		}
	}
	_, err = pack.Add(dir, filepath.Join(draft, filepath.Base(id+".json")), save)
	return err
}
