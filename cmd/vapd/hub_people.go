//go:build !vapd_satellite

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"vapd/hub/people"
	"vapd/internal/config"
	"vapd/protocol/control"
	"vapd/wakeword/speaker"
	"vapd/wakeword/train/corpus"
)

// hubPeopleCmd is "vapd hub people".
type hubPeopleCmd struct {
	List   hubPeopleListCmd   `cmd:"" default:"withargs" help:"List them."`
	Add    hubPeopleAddCmd    `cmd:"" help:"Let the hub know a person's voice, by what they say to a satellite, or by recordings."`
	Forget hubPeopleForgetCmd `cmd:"" help:"Forget a person's voice."`
	Who    hubPeopleWhoCmd    `cmd:"" help:"Say who speaks in recordings, as the hub would."`
}

type hubPeopleListCmd struct {
	JSON      bool `help:"As JSON, one a line."`
	hubFolder `embed:""`
}

// Run lists the people. The hub need not run.
func (l hubPeopleListCmd) Run(c *hubCmd) error {
	m, all, err := l.people(c)
	if err != nil {
		return err
	}
	if len(all) == 0 && !l.JSON {
		fmt.Println("The hub knows nobody's voice. 'vapd hub people add NAME' lets it know one.")
		return nil
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	lines := json.NewEncoder(t)
	for _, p := range all {
		stale := p.Model != m.Sum()
		if l.JSON {
			err = errors.Join(err, lines.Encode(struct {
				Name   string    `json:"name"`
				Since  time.Time `json:"since"`
				Pieces int       `json:"pieces"`
				Stale  bool      `json:"stale"`
			}{p.Name, p.Since, len(p.Voices), stale}))
			continue
		}
		fmt.Fprintf(t, "%s\tsince %s\t%d pieces of speech", printable(p.Name), p.Since.Local().Format(time.DateOnly), len(p.Voices))
		if stale {
			fmt.Fprint(t, "\theard by another version of vapd: not known until it is added again")
		}
		fmt.Fprintln(t)
	}
	return errors.Join(err, t.Flush())
}

// people are those who are known to the hub, and the model for voices.
func (f hubFolder) people(c *hubCmd) (*speaker.Model, []people.Person, error) {
	m, err := speaker.Default()
	if err != nil {
		return nil, nil, err
	}
	dir, err := f.keptFolder(c)
	if err != nil {
		return nil, nil, err
	}
	all, err := people.Load(dir)
	return m, all, err
}

type hubPeopleAddCmd struct {
	Name      string   `arg:"" help:"Their name, as they are called. Of somebody who is known it adds to what is known."`
	Files     []string `arg:"" optional:"" type:"existingfile" help:"Recordings of them alone (WAV, FLAC, Ogg Opus): ten seconds of speech or more. Without any, they speak to a satellite."`
	Client    string   `placeholder:"ID" help:"The satellite that they speak to; needed where several are connected."`
	Yes       bool     `help:"Do not ask whether it was them."`
	hubFolder `embed:""`
}

// Run lets the hub know a voice. With recordings it need not run.
func (a hubPeopleAddCmd) Run(c *hubCmd) error {
	if err := people.CheckName(a.Name); err != nil {
		return err
	}
	m, err := speaker.Default()
	if err != nil {
		return err
	}
	lesson := people.NewLesson(m)
	if len(a.Files) > 0 {
		err = a.hear(lesson)
	} else {
		err = a.listen(c, lesson, m.Sum())
	}
	if err != nil {
		return err
	}
	if err := a.add(c, m.Sum(), lesson.Voices()); err != nil {
		return err
	}
	fmt.Printf("The hub knows the voice of %s.\n", a.Name)
	return nil
}

// hear takes recordings.
func (a hubPeopleAddCmd) hear(lesson *people.Lesson) error {
	for _, file := range a.Files {
		pcm, err := corpus.Read(file)
		if err == nil {
			err = lesson.Hear(pcm)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
		}
	}
	if lesson.Progress() < 1 {
		return fmt.Errorf("hub people: there is too little speech of one person in it, %.0f %% of what is needed: give more recordings", 100*lesson.Progress())
	}
	return nil
}

// listen takes what is said to a satellite.
func (a hubPeopleAddCmd) listen(c *hubCmd, lesson *people.Lesson, model uint32) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	conn, err := dialDaemon(ctx, config.PartHub, c.Control)
	if err != nil {
		return err
	}
	defer conn.Close()
	client, err := a.satellite(ctx, conn)
	if err != nil {
		return err
	}
	heard, err := control.Subscribe[control.HeardVoice](conn, control.TopicVoices, control.ClientID{ID: client})
	if err != nil {
		return err
	}
	defer heard.Close()
	fmt.Printf("Let %s speak to %s as always: the wake word, and a question. Three times or more; nobody else meanwhile.\n"+
		"Ctrl-C stops, and nothing is kept then.\n", a.Name, printable(client))
	for lesson.Progress() < 1 {
		u, _, err := heard.Next(ctx)
		if ctx.Err() != nil {
			return errors.New("interrupted: nothing is kept")
		}
		if err != nil {
			return err
		}
		if u.Model != model || len(u.Voice.Factors) != speaker.Factors {
			return fmt.Errorf("hub people: %w", people.ErrModel)
		}
		sayHeard(os.Stdout, u, lesson)
		if lesson.Hopeless() {
			return errors.New("hub people: what was said does not sound like one person: begin again, nearer to the satellite, where it is quiet")
		}
	}
	if !a.Yes && !confirmed(fmt.Sprintf("Was all of that %s, who wants the hub to know it? [yes/no] ", a.Name)) {
		return errors.New("nothing is kept: say yes, or give --yes")
	}
	return nil
}

// sayHeard takes an utterance, and says what came of it.
func sayHeard(out io.Writer, u control.HeardVoice, lesson *people.Lesson) {
	words := "not understood"
	if u.Heard != "" {
		words = fmt.Sprintf("%q", printable(u.Heard))
	}
	err := error(speaker.ErrShort)
	if !u.Short {
		err = lesson.Take(speaker.Voice{Factors: [speaker.Factors]float32(u.Voice.Factors), Frames: u.Voice.Frames})
	}
	if err != nil {
		fmt.Fprintf(out, "  %s: %v\n", words, err)
		return
	}
	fmt.Fprintf(out, "  %s: good, %.0f %% of what is needed\n", words, 100*lesson.Progress())
}

// satellite is the one that is spoken to.
func (a hubPeopleAddCmd) satellite(ctx context.Context, conn *control.Client) (string, error) {
	if a.Client != "" {
		return a.Client, nil
	}
	all, err := control.Call[[]control.HubClient](ctx, conn, control.MethodClients, struct{}{})
	if err != nil {
		return "", err
	}
	all = slices.DeleteFunc(all, func(c control.HubClient) bool { return !c.Connected })
	switch len(all) {
	case 0:
		return "", errors.New("hub people: no satellite is connected that could be spoken to: connect one, or give recordings")
	case 1:
		return all[0].ID, nil
	}
	ids := make([]string, len(all))
	for i, c := range all {
		ids[i] = printable(c.ID)
	}
	return "", fmt.Errorf("hub people: several satellites are connected: name one with --client: %s", strings.Join(ids, ", "))
}

// add keeps the voice, by the hub that runs, or by itself when none does.
func (a hubPeopleAddCmd) add(c *hubCmd, model uint32, voices []speaker.Voice) error {
	n := control.NewVoices{Name: a.Name, Model: model}
	for _, v := range voices {
		n.Voices = append(n.Voices, control.Voice{Factors: v.Factors[:], Frames: v.Frames})
	}
	return a.change(c, control.MethodAddPerson, n, func(dir string) error {
		if err := people.Add(dir, a.Name, model, voices, time.Now()); err != nil {
			return err
		}
		return auditOffline(dir, "people.add", a.Name)
	})
}

type hubPeopleForgetCmd struct {
	Name      string `arg:"" help:"As 'vapd hub people' shows it."`
	hubFolder `embed:""`
}

// Run forgets somebody. The hub need not run.
func (f hubPeopleForgetCmd) Run(c *hubCmd) error {
	err := f.change(c, control.MethodForgetPerson, control.PersonName{Name: f.Name}, func(dir string) error {
		if err := people.Forget(dir, f.Name); err != nil {
			return err
		}
		return auditOffline(dir, "people.forget", f.Name)
	})
	if err == nil {
		fmt.Printf("The voice of %s is forgotten. No backup of the hub has it.\n", printable(f.Name))
	}
	return err
}

type hubPeopleWhoCmd struct {
	Files     []string `arg:"" type:"existingfile" help:"Recordings of one utterance each."`
	hubFolder `embed:""`
}

// Run says who speaks. The hub need not run.
func (w hubPeopleWhoCmd) Run(c *hubCmd) error {
	m, all, err := w.people(c)
	if err != nil {
		return err
	}
	known := people.Known(m, all)
	if len(known) == 0 {
		return errors.New("hub people: nobody's voice is known: 'vapd hub people add NAME' lets the hub know one")
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, file := range w.Files {
		pcm, err := corpus.Read(file)
		if err != nil {
			return err
		}
		v, err := m.Listen(pcm)
		if err != nil {
			fmt.Fprintf(t, "%s\t%v\n", file, err)
			continue
		}
		hint := m.Who(known, v)
		fmt.Fprintf(t, "%s\t%s\t%.2f\n", file, printable(hint.Speaker), hint.Confidence)
	}
	return t.Flush()
}

// peopleInWords says what voices told.
func peopleInWords(p control.HubPeople) string {
	words := "nobody's voice is known"
	if p.Known > 0 {
		words = fmt.Sprintf("%d known; %d utterances named, %d unsure, %d too short", p.Known, p.Named, p.Unsure, p.Short)
	}
	if p.Required > 0 {
		words += fmt.Sprintf("; who is not known with %.2f is refused: %d", p.Required, p.Refused)
	}
	if len(p.Stale) > 0 {
		words += "; to be added again: " + printable(strings.Join(p.Stale, ", "))
	}
	return words
}
