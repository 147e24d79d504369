package config

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the example files and the page of the documentation")

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrecedence(t *testing.T) {
	src := Source{
		File: file(t, `
listen = "127.0.0.1:1"
name = "from the file"
log_level = "debug"
[speech]
stt = "none"
[session]
no_speech = "3s"
`),
		Environ: []string{"PATH=/bin", "VAPD_HUB_NAME=from the environment", "VAPD_HUB_SPEECH_STT=tcp://stt.lan:10300", "VAPD_SATELLITE_ID=x"},
		Set:     map[string]string{"speech.stt": "pocketsphinx", "session.no_speech": "4s", "clients.tokenless": "a, b", "clients.max": "7", "wake.second_look": "false"},
	}
	got, err := LoadHub(src)
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultHub()
	want.Listen, want.Name, want.LogLevel = "127.0.0.1:1", "from the environment", -4
	want.Session.NoSpeech = Duration(4 * time.Second)
	want.Clients.Tokenless, want.Clients.Max, want.Wake.SecondLook = []string{"a", "b"}, 7, false
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestLists(t *testing.T) {
	want := DefaultSatellite()
	want.Capture.Use, want.Capture.Channels = []int{1, 2}, 4
	want.Wake = []WakePack{{"okay_nabu.json", 0.97}, {File: "/packs/stop.json"}}
	for name, src := range map[string]Source{
		"file, tables": {File: file(t, "capture = {use = [1, 2], channels = 4}\n[[wake]]\nfile = \"okay_nabu.json\"\ncutoff = 0.97\n[[wake]]\nfile = \"/packs/stop.json\"\n")},
		"set": {Set: map[string]string{
			"capture.use": "1,2", "capture.channels": "4",
			"wake": `[{file = "okay_nabu.json", cutoff = 0.97}, {file = "/packs/stop.json"}]`,
		}},
		"environment": {Environ: []string{
			"VAPD_SATELLITE_CAPTURE_USE=[1, 2]", "VAPD_SATELLITE_CAPTURE_CHANNELS=4",
			`VAPD_SATELLITE_WAKE={file = "okay_nabu.json", cutoff = 0.97}, {file = "/packs/stop.json"}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := LoadSatellite(src)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// An error says where the value stands and what to do about it.
func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		src  Source
		want []string
	}{
		"typing mistake":   {text: "name = \"x\"\nlisen = \"[::]:1\"\n", want: []string{"test.toml line 2", `"lisen"`, `"listen"`}},
		"in a table":       {text: "[speech]\nsst = \"none\"\n", want: []string{"line 2", `"speech.sst"`, `"speech.stt"`}},
		"in no table":      {text: "max = 3\n", want: []string{"line 1", `"clients.max"`}},
		"unknown table":    {text: "[speach]\nstt = \"none\"\n", want: []string{"line 1", `"speach"`, `"speech"`}},
		"nothing near":     {text: "frobnicate_everything = 1\n", want: []string{"line 1", "docs/configuration.md"}},
		"two at once":      {text: "lisen = 1\nnmae = 2\n", want: []string{"line 1", "line 2"}},
		"wrong type":       {text: "[clients]\n\nmax = \"many\"\n", want: []string{"line 3", "clients.max: want a whole number"}},
		"bad duration":     {text: "[focus]\nwindow = \"200\"\n", want: []string{"test.toml", "200", "700ms"}},
		"not TOML":         {text: "listen = \n", want: []string{"line 1"}},
		"out of range":     {text: "[clients]\nmax = 0\n", want: []string{"clients.max: 0: must be 1 to 20000", "test.toml"}},
		"no language":      {text: "[speech]\nlanguage = \"Swiss German\"\n", want: []string{`"Swiss German"`, "en-US"}},
		"unspoken":         {text: "[speech]\nlanguage = \"de\"\ntts = \"none\"\n", want: []string{"speech.stt", "pocketsphinx", "tcp://HOST:PORT"}},
		"one of":           {text: "[clients]\napproval = \"some\"\n", want: []string{`"some"`, "first, ask, all"}},
		"address":          {text: "listen = \"5683\"\n", want: []string{"[::]:5683"}},
		"house's address":  {text: "[skills.home_assistant]\nurl = \"homeassistant.local:8123\"\n", want: []string{"skills.home_assistant.url", "http://homeassistant.local:8123"}},
		"password in it":   {text: "[skills.home_assistant]\nurl = \"http://me:secret@home\"\n", want: []string{"skills.home_assistant.url"}},
		"no token":         {text: "[skills.home_assistant]\nurl = \"http://home\"\n", want: []string{"skills.home_assistant.token_file", "profile"}},
		"allow too much":   {text: "[skills.home_assistant]\nallow = [\"all\"]\n", want: []string{"skills.home_assistant.allow", "unlock, garage"}},
		"engine's address": {text: "[speech]\nstt = \"tcp://x\"\n", want: []string{"speech.stt", "hub.lan:5683"}},
		"level":            {text: "log_level = \"loud\"\n", want: []string{"loud"}},
		"no file":          {src: Source{File: "/nowhere/hub.toml"}, want: []string{"/nowhere/hub.toml"}},
		"variable":         {src: Source{Environ: []string{"VAPD_HUB_LISEN=x"}}, want: []string{"VAPD_HUB_LISEN", "VAPD_HUB_LISTEN"}},
		"variable's value": {src: Source{Environ: []string{"VAPD_HUB_CLIENTS_MAX=many"}}, want: []string{"VAPD_HUB_CLIENTS_MAX", "many", "whole number"}},
		"variable's range": {src: Source{Environ: []string{"VAPD_HUB_CLIENTS_MAX=20001"}}, want: []string{"must be 1 to 20000 (set by VAPD_HUB_CLIENTS_MAX)"}},
		"set":              {src: Source{Set: map[string]string{"lisen": "x"}}, want: []string{"command line", `"listen"`}},
		"smuggled line":    {src: Source{Set: map[string]string{"clients.max": "1\nx = 2"}}, want: []string{"more than one line"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.text != "" {
				c.src.File = file(t, c.text)
			}
			_, err := LoadHub(c.src)
			var setting *Error
			if !errors.As(err, &setting) || !strings.HasPrefix(err.Error(), "config: ") {
				t.Fatalf("%v is no error of a setting", err)
			}
			t.Log(err)
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
		})
	}
}

func TestSatelliteErrors(t *testing.T) {
	for set, want := range map[string]string{
		"id=Küche":                        "a-z",
		"hub=hub.lan":                     "hub.lan:5683",
		"hub=:5683":                       "hub.lan:5683",
		"capture.rate=44":                 "8000 to 192000",
		"capture.use=32":                  "no channel 32",
		"volume.voice=101":                "0 to 100",
		"codec=mp3":                       "auto, opus, pcm",
		`wake={cutoff = 0.5}`:             "no file",
		`wake={file = "a", cutoff = nan}`: "below 1",
		`wake={file = "a", cutof = 1}`:    "wake",
	} {
		key, value, _ := strings.Cut(set, "=")
		_, err := LoadSatellite(Source{Set: map[string]string{key: value}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", set, err, want)
		}
	}
}

func TestOptionalFile(t *testing.T) {
	got, err := LoadHub(Source{File: "/nowhere/hub.toml", Optional: true})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(DefaultHub(), got); d != "" {
		t.Error(d)
	}
}

// Struct, example files and page say the same. With -update they are written.
func TestDocumentation(t *testing.T) {
	hub, satellite := DefaultHub(), DefaultSatellite()
	for path, want := range map[string]string{
		"../../packaging/etc/vapd/hub.toml":       ExampleHub(),
		"../../packaging/etc/vapd/satellite.toml": ExampleSatellite(),
		"../../docs/configuration.md":             page(keysOf(&hub), keysOf(&satellite)),
	} {
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, string(got)); d != "" {
			t.Errorf("%s differs from the structs: go test ./internal/config -update\n%s", path, d)
		}
	}
	for _, k := range append(keysOf(&hub), keysOf(&satellite)...) {
		if k.leaf() == "" || !strings.HasSuffix(k.doc, ".") {
			t.Errorf("%s has no description", k.name)
		}
	}
}

// What the example files show as defaults are the defaults.
func TestExamplesShowTheDefaults(t *testing.T) {
	hub, err := LoadHub(Source{File: file(t, uncomment(ExampleHub()))})
	if err != nil {
		t.Fatal(err)
	}
	satellite, err := LoadSatellite(Source{File: file(t, uncomment(ExampleSatellite()))})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(DefaultHub(), hub) + cmp.Diff(DefaultSatellite(), satellite); d != "" {
		t.Error(d)
	}
}

func uncomment(example string) string {
	var out bytes.Buffer
	for line := range strings.Lines(example) {
		if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# ") {
			line = line[1:]
		}
		out.WriteString(line)
	}
	return out.String()
}

func FuzzLoad(f *testing.F) {
	f.Add(ExampleHub())
	f.Add("[clients]\nmax = 1e9\n[[wake]]\n")
	f.Add("wake = [{file = 1}]")
	f.Fuzz(func(t *testing.T, text string) {
		path := file(t, text)
		_, _ = LoadHub(Source{File: path})
		_, _ = LoadSatellite(Source{File: path})
	})
}
