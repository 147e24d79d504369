package espeak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Program is the name of eSpeak NG.
const Program = "espeak-ng"

const (
	// patience is how long it may take for a text; some milliseconds are usual.
	patience = 20 * time.Second
	// grace is how long its standard output may stay open after its end.
	grace = time.Second
	// longest is the most bytes of one text: more than a minute.
	longest = 4 << 20
)

// Voices is eSpeak NG as it is installed. It implements confusable.Speaker, for any number
// of goroutines.
type Voices struct {
	path   string
	voices []string
}

// accents are the ways of English that it has.
func accents() []string {
	return []string{"en-us", "en", "en-gb-x-rp", "en-us-nyc", "en-gb-scotland", "en-029", "en-gb-x-gbclan", "en-gb-x-gbcwmd"}
}

// speakers are its variants: speakers of their own, whatever the accent. It says nothing of
// one that it does not have, and takes the first of the accent.
func speakers() []string {
	return []string{
		"m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5", "klatt", "klatt2", "klatt3", "klatt4",
		"Alex", "Andy", "Annie", "Gene", "Lee", "Mario", "Michael", "adam", "anika", "antonio", "aunty", "belinda", "benjamin",
		"boris", "caleb", "david", "ed", "edward", "grandma", "grandpa", "john", "linda", "norbert", "pablo", "quincy",
		"rob", "shelby", "steph", "travis", "victor", "zac",
	}
}

// Open looks which voices a program has, such as Program: its accents, and each speaker in
// one of them, in turn.
func Open(ctx context.Context, program string) (*Voices, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("espeak: %w: install espeak-ng", err)
	}
	v := &Voices{path: path}
	var missing error
	for _, accent := range accents() {
		if _, err := v.Say(ctx, "a", accent); err == nil {
			v.voices = append(v.voices, accent)
		} else if missing = err; ctx.Err() != nil {
			return nil, err
		}
	}
	if len(v.voices) == 0 {
		return nil, fmt.Errorf("espeak: there is no English: %w", missing)
	}
	installed := len(v.voices)
	for i, speaker := range speakers() {
		v.voices = append(v.voices, v.voices[i%installed]+"+"+speaker)
	}
	return v, nil
}

// Voices implements confusable.Speaker.
func (v *Voices) Voices() []string { return v.voices }

// Say implements confusable.Speaker.
func (v *Voices) Say(ctx context.Context, text, voice string) ([]int16, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, said := &limited{left: longest}, &limited{left: 1 << 10}
	cmd := exec.CommandContext(ctx, v.path, "--stdin", "--stdout", "-b", "1", "-v", voice)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = strings.NewReader(text), out, said, grace
	err := cmd.Run()
	if out.left == 0 {
		err = errTooMuch
	}
	if err != nil {
		return nil, fmt.Errorf("espeak: %s, voice %s: %w: %s", v.path, voice, errors.Join(err, context.Cause(ctx)), bytes.TrimSpace(said.data.Bytes()))
	}
	pcm, err := decode(&out.data)
	if err != nil {
		return nil, fmt.Errorf("espeak: %s, voice %s: %w", v.path, voice, err)
	}
	return pcm, nil
}
