//go:build vapd_board

package board

import (
	"os"
	"testing"
)

// TestBoardIsDetected looks at a machine whose kernel drives the codec of one board.
func TestBoardIsDetected(t *testing.T) {
	d, err := Detect(os.DirFS("/"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", d)
	if p, sure := d.Profile(); !sure || p.ID != "respeaker-2mic-v2" {
		t.Errorf("profile %q, %v", p.ID, sure)
	}
	if d.Machine.Model == "" {
		t.Error("the model is missing")
	}
}
