package skills

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"vapd/internal/figure"
	"vapd/protocol/vap"
)

// BenchmarkRegister is how long a skill of 1,000 utterances takes from its connection to its
// first answer, over UDP, typed.
func BenchmarkRegister(b *testing.B) {
	h := newHub(b)
	var utterances []string
	for i := range 1000 {
		utterances = append(utterances, fmt.Sprintf("%q", fmt.Sprintf("%s the %s in the {room} %s",
			[]string{"paint", "clean", "measure", "photograph", "repair"}[i%5],
			[]string{"door", "window", "table", "chair", "floor", "wall", "ceiling", "lamp", "shelf", "carpet"}[i/5%10],
			[]string{
				"now", "later", "today", "tonight", "please", "carefully", "at once", "again", "for me", "in red", "in blue", "with tom",
				"on monday", "on friday", "slowly", "quickly", "first", "last", "twice", "soon",
			}[i/50])))
	}
	manifest := "[intents.do]\nutterances = [" + strings.Join(utterances, ",\n") + "]\nslots.room.entity = \"room\"\n"
	var took time.Duration
	for b.Loop() {
		began := time.Now()
		stop := h.add(b, "org.example.works", manifest, says("done"), nil)
		for r := (Reply{}); r.Say != "done"; {
			r = h.Answer(b.Context(), Said{Client: "kitchen", Text: "repair the chair in the kitchen soon", Language: "en-US", Offers: []vap.Offer{}})
		}
		took = time.Since(began)
		b.StopTimer()
		stop()
		h.Forget("org.example.works")
		b.StartTimer()
	}
	if err := figure.Print(os.Stdout, "register_1000_text_ms", float64(took)/1e6, "ms"); err != nil {
		b.Fatal(err)
	}
}
