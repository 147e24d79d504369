package satellite

import "testing"

// bytesStore is a Store of what a disk made of it.
type bytesStore []byte

func (b bytesStore) Load() ([]byte, error) { return b, nil }
func (bytesStore) Save([]byte) error       { return nil }

// FuzzSettings: a file of settings that can't be read starts with the microphone closed,
// and volumes are percentages whatever it says.
func FuzzSettings(f *testing.F) {
	f.Add([]byte(`{"version":1,"volume":{"Voice":50,"Chime":60,"Alarm":70},"key_muted":false,"net_muted":true,"cutoffs":{"okay_nabu":0.7}}`))
	f.Add([]byte(`{"version":1,"volume":{"Voice":-1,"Chime":1000}}`))
	f.Add([]byte(`{"version":3}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := loadSettings(bytesStore(data), settings{})
		if err != nil && !s.KeyMuted {
			t.Errorf("the microphone is open after %v", err)
		}
		if v := s.Volume; v != v.clamp() {
			t.Errorf("volume %+v", v)
		}
	})
}
