//go:build !vapd_satellite

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"vapd/hub/daemon"
	"vapd/hub/recordings"
	"vapd/internal/durable"
	"vapd/protocol/control"
	"vapd/wakeword/pack"
)

// hubWakeCmd is "vapd hub wake".
type hubWakeCmd struct {
	List hubWakeListCmd `cmd:"" default:"withargs" help:"List what was rejected or nearly woke a satellite, and is kept."`
	Good hubWakeGoodCmd `cmd:"" help:"The wake word was said in it: the next training learns from it as that."`
	Bad  hubWakeBadCmd  `cmd:"" help:"It was not: the next training learns not to hear it. What the hub rejects is taken for that."`
	Add  hubWakeAddCmd  `cmd:"" help:"Add the pack of a larger model. The hub uses it after its next start."`
}

type hubWakeListCmd struct {
	JSON      bool `help:"As JSON, one a line."`
	hubFolder `embed:""`
}

// Run lists what is kept. The hub need not run.
func (l hubWakeListCmd) Run(c *hubCmd) error {
	dir, err := l.keptFolder(c)
	if err != nil {
		return err
	}
	all, err := recordings.List(dir, recordings.Wakes)
	if err != nil {
		return err
	}
	if len(all) == 0 && !l.JSON {
		fmt.Println("There are none. 'vapd hub privacy wakes on' has them kept.")
		return nil
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	lines := json.NewEncoder(t)
	for _, r := range all {
		file := filepath.Join(recordings.Folder(dir, recordings.Wakes), r.Name+".wav")
		if l.JSON {
			err = errors.Join(err, lines.Encode(struct {
				recordings.Recording
				ID   string `json:"id"`
				File string `json:"file"`
				Said bool   `json:"said"`
				// Unsure: nobody knows, and no training reads it.
				Unsure bool `json:"unsure"`
			}{r, r.ID(), file, r.Said(), r.Unsure()}))
			continue
		}
		said := "bad"
		switch {
		case r.Said():
			said = "good"
		case r.Unsure():
			said = "unsure"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", r.ID(), r.Time.Local().Format(time.DateTime), printable(r.Client), said, wakeInWords(r.Wake), file)
	}
	return errors.Join(err, t.Flush())
}

func wakeInWords(w *recordings.Wake) string {
	if w == nil {
		return "-\t-"
	}
	what, by := "rejected", "no model to look again"
	if w.NearMiss {
		what = "near miss"
	}
	if w.Model != "" {
		by = fmt.Sprintf("%.2f of %.2f by %s", w.Score, w.Cutoff, printable(w.Model))
	}
	return fmt.Sprintf("%s\t%q: %s, %.2f at the satellite", what, w.Word, by, w.Heard)
}

// hubWakeArg names kept wakes.
type hubWakeArg struct {
	IDs       []string `arg:"" name:"id" help:"As 'vapd hub wake list' shows it."`
	hubFolder `embed:""`
}

// mark says of each whether its word was said. The hub need not run.
func (a hubWakeArg) mark(c *hubCmd, said bool) error {
	for _, id := range a.IDs {
		err := a.change(c, control.MethodMarkWake, control.WakeMark{ID: id, Said: said}, func(dir string) error {
			return recordings.Mark(dir, id, said)
		})
		if err != nil {
			return err
		}
	}
	fmt.Printf("%d marked.\n", len(a.IDs))
	return nil
}

type (
	hubWakeGoodCmd struct {
		hubWakeArg `embed:""`
	}
	hubWakeBadCmd struct {
		hubWakeArg `embed:""`
	}
)

// Run says that the word was said.
func (g hubWakeGoodCmd) Run(c *hubCmd) error { return g.mark(c, true) }

// Run says that it was not.
func (b hubWakeBadCmd) Run(c *hubCmd) error { return b.mark(c, false) }

type hubWakeAddCmd struct {
	File      string `arg:"" type:"existingfile" help:"Manifest (.json) with its model beside it, as 'vapd wake train --large' writes it."`
	hubFolder `embed:""`
}

// Run adds a pack.
func (a hubWakeAddCmd) Run(c *hubCmd) error {
	dir, err := a.keptFolder(c)
	if err != nil {
		return err
	}
	p, err := pack.Add(daemon.WakeFolder(dir), a.File, func(path string, data []byte) error {
		return durable.File{Path: path, Mode: 0o644}.Save(data)
	})
	if err != nil {
		return err
	}
	fmt.Printf("added %s: the hub looks again at %q with it, with cutoff %v, after its next start\n", p.ID, p.Manifest.WakeWord, p.Manifest.Micro.ProbabilityCutoff)
	return nil
}

// nearMissesInWords says what came of near misses.
func nearMissesInWords(n control.HubNearMisses) string {
	return fmt.Sprintf("%d rejected, %d unsure, %d refused", n.Rejected, n.Unsure, n.Refused)
}

// looksInWords says what came of second looks.
func looksInWords(l control.HubLooks) string {
	if len(l.Words) == 0 {
		return "at no word: 'vapd hub wake add' adds a model"
	}
	return fmt.Sprintf("at %q: %d accepted, %d rejected, %d incomplete, %d late, %d without a model", strings.Join(l.Words, ", "),
		l.Accepted, l.Rejected, l.Incomplete, l.Late, l.NoModel)
}
