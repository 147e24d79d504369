package timer

import "testing"

// FuzzDays: whatever a slot holds, the days that are found are called by their names.
func FuzzDays(f *testing.F) {
	f.Add("every weekday")
	f.Add("Mondays and thursday")
	f.Fuzz(func(t *testing.T, text string) {
		if d := parseDays(text); d != 0 && parseDays(d.String()) != d {
			t.Errorf("%q is %s, which is %s", text, d, parseDays(d.String()))
		}
	})
}
