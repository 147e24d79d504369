package homeassistant

import (
	"fmt"
	"runtime"
	"testing"

	"vapd/hub/intent/nlu"
	"vapd/hub/skills"
	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/builtin/homeassistant/api"
)

// large is a house of 30 areas and 500 entities, of all domains.
func large() *api.House {
	in := &api.House{Unit: "°C", Exposed: make(map[string]bool)}
	rooms := []string{"kitchen", "office", "bedroom", "cellar", "garden", "library", "hall", "nursery", "garage", "attic"}
	things := []string{"ceiling lamp", "reading lamp", "radiator", "window", "blind", "speaker", "humidity", "desk lamp", "plug", "night light"}
	for a := range 30 {
		in.Areas = append(in.Areas, api.Area{ID: fmt.Sprint("a", a), Name: fmt.Sprintf("%s %d", rooms[a%10], a/10+1)})
	}
	for n := range 500 {
		domain := domains()[n%len(domains())]
		id := fmt.Sprintf("%s.e%d", domain, n)
		in.Entities = append(in.Entities, api.Entity{ID: id, Area: api.Text(fmt.Sprint("a", n%30)), Aliases: []api.Alias{api.Alias(fmt.Sprintf("my %s number %d", things[n/30%10], n))}})
		in.States = append(in.States, api.State{ID: id, State: "on", Attributes: api.Attributes{Name: api.Text(fmt.Sprintf("%s %d", things[n%10], n/10))}})
		in.Exposed[id] = true
	}
	return in
}

// Learning a large house, and understanding in it.
func BenchmarkLargeHouse(b *testing.B) {
	m, err := skill.ReadManifest(manifest)
	if err != nil {
		b.Fatal(err)
	}
	in, model := large(), nlu.New(nlu.Config{})
	b.Run("learn", func(b *testing.B) {
		for b.Loop() {
			if err := model.Replace(ID, skills.Sets([]vap.NLU{language(m.NLU[0], newHouse(in))})); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		b.ReportMetric(float64(memory.HeapAlloc)/1e6, "MB")
	})
	for name, sentence := range map[string]string{
		"taught": "turn off the ceiling lamp ten in the kitchen one", "misheard": "turn of the sealing lump ten in the kitchen one", "unknown": "who won the election in france",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				model.Parse(sentence, "en-US")
			}
		})
	}
}
