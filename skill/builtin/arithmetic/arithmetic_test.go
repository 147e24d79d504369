package arithmetic

import (
	"context"
	"testing"

	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
	"vapd/skill"
)

// line is a hub that asks one question.
type line struct {
	skill.Line
	asked func(context.Context)
}

func (l line) Run(ctx context.Context) error {
	l.asked(ctx)
	return nil
}

func TestReckoning(t *testing.T) {
	for _, c := range []struct{ intent, a, b, want string }{
		{"add", "2", "2.5", "2 plus 2.5 is 4.5."},
		{"subtract", "3", "10", "3 minus 10 is -7."},
		{"multiply", "12", "7", "12 times 7 is 84."},
		{"divide", "10", "3", "10 divided by 3 is 3.333."},
		{"divide", "1", "0", "Nothing can be divided by zero."},
		{"divide", "0", "0", "Nothing can be divided by zero."},
		{"percent", "20", "50", "20 percent of 50 is 10."},
		{"add", "2", "", "Which numbers?"},
	} {
		var answer skillregistry.Answer
		connect := func(s skill.Service) (skill.Line, error) {
			return line{asked: func(ctx context.Context) {
				var slots []vap.SlotValue
				for name, value := range map[string]string{"a": c.a, "b": c.b} {
					if value != "" {
						slots = append(slots, vap.SlotValue{Name: name, Value: &value})
					}
				}
				var err error
				answer, err = s.Handle(ctx, vap.SkillRequest{Type: vap.RequestIntent, Intent: c.intent, Slots: slots})
				if err != nil {
					t.Error(err)
				}
			}}, nil
		}
		if err := New(skill.Via(connect), skill.State(t.TempDir())).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		said, _ := vap.Find(answer.Capabilities, vap.CapVoice)
		if text, err := vap.ParseText(said); err != nil || text != c.want || answer.KeepOpen != (c.b == "") {
			t.Errorf("%+v: %q, %v", c, text, err)
		}
	}
}
