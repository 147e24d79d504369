package people

import (
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzDecode: what is taken for people can be written, read again, and reckoned with.
func FuzzDecode(f *testing.F) {
	m := standard(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := decode(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decode(again); err != nil || len(all) > 0 && !reflect.DeepEqual(back, all) {
			t.Errorf("%v, %v", back, err)
		}
		for i := range all {
			all[i].Model = m.Sum()
		}
		if h := m.Who(Known(m, all), voice(2, 0)); !(h.Confidence >= 0 && h.Confidence <= 1) {
			t.Errorf("%+v", h)
		}
	})
}
