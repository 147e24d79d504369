//go:build !vapd_satellite

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"vapd/hub/recordings"
	"vapd/internal/config"
	"vapd/protocol/control"
)

// hubPrivacyCmd is "vapd hub privacy".
type hubPrivacyCmd struct {
	Show   privacyShowCmd   `cmd:"" default:"withargs" help:"Show what the hub keeps about people."`
	Record privacyRecordCmd `cmd:"" help:"Turn the recording of what is said on or off."`
	Wakes  privacyWakesCmd  `cmd:"" help:"Turn on or off that what wakes a satellite by mistake, or nearly does, is kept."`
	List   privacyListCmd   `cmd:"" help:"List the recordings."`
	Delete privacyDeleteCmd `cmd:"" help:"Delete all recordings, also those of what woke a satellite by mistake or nearly did."`
}

type privacyShowCmd struct {
	JSON bool `help:"As JSON."`
}

// Run shows what the hub keeps.
func (s privacyShowCmd) Run(c *hubCmd) error {
	v, err := callHub[control.HubPrivacy](c, control.MethodPrivacy, struct{}{})
	if err != nil {
		return err
	}
	if s.JSON {
		return json.NewEncoder(os.Stdout).Encode(v)
	}
	return showPrivacy(v, os.Stdout)
}

func showPrivacy(v control.HubPrivacy, out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "recording\t%s\n", recordingInWords(v.HubKept, "nothing that is said is kept"))
	fmt.Fprintf(t, "wakes\t%s\n", recordingInWords(v.Wakes, "nothing is kept that wakes a satellite by mistake or nearly does"))
	if v.Wakes.Recording && !v.Wakes.NearMisses { // it was allowed before there were any
		fmt.Fprintln(t, "\tbut not what nearly wakes one: 'vapd hub privacy wakes on' allows that as well")
	}
	for _, line := range []struct {
		ids  []string
		what string
	}{
		{v.Shown, "recorded, and show it"},
		{v.Silent, "not recorded yet, as they have not confirmed that they show it"},
		{v.Unable, "not recorded, as they can't show it"},
	} {
		if len(line.ids) > 0 {
			fmt.Fprintf(t, "\t%s: %s\n", line.what, printable(strings.Join(line.ids, ", ")))
		}
	}
	fmt.Fprintf(t, "recordings\t%s\n", keptInWords(v.HubKept))
	fmt.Fprintf(t, "kept wakes\t%s\n", keptInWords(v.Wakes))
	if len(v.Voices) > 0 {
		fmt.Fprintf(t, "voices\tknown of %s; 'vapd hub people forget NAME' forgets one\n", printable(strings.Join(v.Voices, ", ")))
	}
	words := "does not have what is said"
	if v.WordsInLog {
		words = "HAS WHAT IS SAID, as log_level is DEBUG"
	}
	fmt.Fprintf(t, "log\t%s\n", words)
	fmt.Fprintf(t, "timers\t%d, with the labels that people gave them\n", v.Timers)
	fmt.Fprintln(t, "backups\thave no recordings")
	return t.Flush()
}

func keptInWords(v control.HubKept) string {
	words := fmt.Sprintf("%d, %.1f MB of at most %.0f MB, for %s", v.Recordings, float64(v.Bytes)/1e6, float64(v.MaxBytes)/1e6, daysInWords(v.KeepSeconds))
	if v.Recordings > 0 {
		words += ", the oldest of " + v.Oldest.Local().Format(time.DateTime) + "; 'vapd hub privacy delete' deletes them"
	}
	return words
}

// recordingInWords says what is allowed; off is what it means that nothing is.
func recordingInWords(v control.HubKept, off string) string {
	if !v.Recording {
		return "off: " + off
	}
	words := fmt.Sprintf("ON since %s, by %s", v.Since.Local().Format(time.DateTime), printable(cmp.Or(v.By, "the owner")))
	if !v.Until.IsZero() {
		words += ", until " + v.Until.Local().Format(time.DateTime)
	}
	if len(v.Clients) > 0 {
		words += ", of " + printable(strings.Join(v.Clients, ", "))
	}
	return words
}

func daysInWords(seconds float64) string {
	if days := seconds / 86400; days >= 1 {
		return fmt.Sprintf("%.3g days", days)
	}
	return (time.Duration(seconds) * time.Second).String()
}

// privacyRecordCmd is "vapd hub privacy record".
type privacyRecordCmd struct {
	On  privacyRecordOnCmd  `cmd:"" help:"Keep what is said, as sound and text, on the hub. The satellites show it."`
	Off privacyRecordOffCmd `cmd:"" help:"Keep nothing that is said from now on."`
}

// privacyWakesCmd is "vapd hub privacy wakes".
type privacyWakesCmd struct {
	On  privacyWakesOnCmd  `cmd:"" help:"Keep the sound of wake words that the hub rejects, and of what nearly wakes a satellite, to train better models with. The satellites show it."`
	Off privacyWakesOffCmd `cmd:"" help:"Keep none from now on."`
}

// recordingSpan says what is recorded.
type recordingSpan struct {
	For    string   `placeholder:"SPAN" help:"For how long: 12h, 7d. Default: until it is turned off."`
	Client []string `placeholder:"ID" help:"Only what this satellite hears; may be repeated."`
}

func (r recordingSpan) start(c *hubCmd, method string) error {
	start := control.RecordingStart{By: person(), Clients: r.Client}
	if r.For != "" {
		span, err := parseSpan(r.For)
		if err != nil || span <= 0 {
			return fmt.Errorf("--for %q: want a time like 12h or 7d", r.For)
		}
		start.Seconds = span.Seconds()
	}
	_, err := callHub[any](c, method, start)
	return err
}

type (
	privacyRecordOnCmd struct {
		recordingSpan `embed:""`
	}
	privacyWakesOnCmd struct {
		recordingSpan `embed:""`
	}
)

// Run turns the recording on.
func (r privacyRecordOnCmd) Run(c *hubCmd) error {
	if err := r.start(c, control.MethodStartRecording); err != nil {
		return err
	}
	fmt.Println("Recording is on, as soon as a satellite has confirmed that it shows it; 'vapd hub privacy' tells.\n" +
		"Tell those who live with it. 'vapd hub privacy record off' ends it.")
	return nil
}

// Run turns it on.
func (w privacyWakesOnCmd) Run(c *hubCmd) error {
	if err := w.start(c, control.MethodStartKeepingWakes); err != nil {
		return err
	}
	fmt.Println("What wakes a satellite by mistake, or nearly does, is kept, as soon as the satellite has confirmed that\n" +
		"it shows it: about a second of sound, also of people who said nothing to it. 'vapd hub privacy' tells,\n" +
		"and 'vapd hub wake list' what there is. Tell those who live with it. 'vapd hub privacy wakes off' ends it.")
	return nil
}

type privacyWakesOffCmd struct{}

// Run turns it off.
func (privacyWakesOffCmd) Run(c *hubCmd) error {
	if _, err := callHub[any](c, control.MethodStopKeepingWakes, struct{}{}); err != nil {
		return err
	}
	fmt.Println("Nothing more is kept of what wakes a satellite by mistake or nearly does. What there is stays until 'vapd hub privacy delete',\n" +
		"or until it is too old.")
	return nil
}

// person is who runs the command.
func person() string {
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

type privacyRecordOffCmd struct{}

// Run turns the recording off.
func (privacyRecordOffCmd) Run(c *hubCmd) error {
	if _, err := callHub[any](c, control.MethodStopRecording, struct{}{}); err != nil {
		return err
	}
	fmt.Println("Recording is off. What was recorded stays until 'vapd hub privacy delete', or until it is too old.")
	return nil
}

type privacyListCmd struct {
	JSON      bool `help:"As JSON, one recording a line."`
	hubFolder `embed:""`
}

// Run lists the recordings. The hub need not run.
func (l privacyListCmd) Run(c *hubCmd) error {
	dir, err := l.keptFolder(c)
	if err != nil {
		return err
	}
	all, err := recordings.List(dir, recordings.Utterances)
	if err != nil {
		return err
	}
	if len(all) == 0 && !l.JSON {
		fmt.Println("There are no recordings.")
		return nil
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	lines := json.NewEncoder(t)
	for _, r := range all {
		if l.JSON {
			err = errors.Join(err, lines.Encode(r))
			continue
		}
		heard := printable(r.Transcript)
		if !r.Understood {
			heard += " (not understood)"
		}
		fmt.Fprintf(t, "%s\t%s\t%.1f s\t%s\t%s\n", r.Time.Local().Format(time.DateTime), printable(r.Client), r.Seconds,
			filepath.Join(recordings.Folder(dir, recordings.Utterances), r.Name+".wav"), heard)
	}
	return errors.Join(err, t.Flush())
}

type privacyDeleteCmd struct {
	Yes       bool `help:"Do not ask."`
	hubFolder `embed:""`
}

// Run deletes all recordings. The hub need not run.
func (d privacyDeleteCmd) Run(c *hubCmd) error {
	if !d.Yes && !confirmed("Delete all recordings of what was said? They can't be brought back. [yes/no] ") {
		return errors.New("nothing is deleted: say yes, or give --yes")
	}
	deleted, err := d.delete(c)
	if err != nil {
		return err
	}
	fmt.Printf("%d recordings are deleted (%.1f MB), and it was checked that they are gone. Backups of the hub never had them.\n",
		deleted.Recordings, float64(deleted.Bytes)/1e6)
	return nil
}

func (d privacyDeleteCmd) delete(c *hubCmd) (control.RecordingsDeleted, error) {
	if d.State == "" {
		deleted, err := callHub[control.RecordingsDeleted](c, control.MethodDeleteRecordings, struct{}{})
		var setting *config.Error // no folder for sockets: no hub runs
		if err == nil || !errors.Is(err, control.ErrNotRunning) && !errors.As(err, &setting) {
			return deleted, err
		}
	}
	dir, err := d.path()
	if err != nil {
		return control.RecordingsDeleted{}, err
	}
	said, err := recordings.Delete(dir, recordings.Utterances)
	woke, failed := recordings.Delete(dir, recordings.Wakes)
	if err = errors.Join(err, failed); err == nil {
		err = auditOffline(dir, "recording.delete", "")
	}
	return control.RecordingsDeleted{Recordings: said.Recordings + woke.Recordings, Bytes: said.Bytes + woke.Bytes}, err
}
