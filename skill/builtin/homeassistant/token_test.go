package homeassistant_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vapd/skill/builtin/homeassistant"
	"vapd/skill/builtin/homeassistant/hatest"
)

func TestTokenFile(t *testing.T) {
	server, pipe := hatest.New(secret, someHouse()), hatest.NewPipe()
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(pipe) }) // until the pipe is closed
	t.Cleanup(func() {
		pipe.Close()
		server.Drop()
		serving.Wait()
	})
	for name, c := range map[string]struct {
		text          string
		mode          os.FileMode
		wrong, warned string
	}{
		"good":      {secret + "\n", 0o600, "", ""},
		"open":      {secret, 0o644, "", "chmod 600"},
		"empty":     {" \n", 0o600, "is empty", ""},
		"long":      {strings.Repeat("x", 5000), 0o600, "want a token alone", ""},
		"not there": {"", 0, "token file", ""},
		"wrong":     {"guessed", 0o600, "refuses the token", ""},
	} {
		file := filepath.Join(t.TempDir(), "token")
		if c.mode != 0 {
			if err := os.WriteFile(file, []byte(c.text), c.mode); err != nil {
				t.Fatal(err)
			}
		}
		log := new(record)
		areas, entities, err := homeassistant.Try(t.Context(), homeassistant.Config{
			URL: "http://home.example", TokenFile: file, Dial: pipe.Dial, Logger: slog.New(slog.NewTextHandler(log, nil)),
		})
		switch {
		case c.wrong == "" && (err != nil || areas != 6 || entities < 20):
			t.Errorf("%s: %d areas, %d entities, %v", name, areas, entities, err)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		}
		if strings.Contains(log.String(), "chmod") != (c.warned != "") || strings.Contains(log.String(), secret) {
			t.Errorf("%s: logged %s", name, log)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, c := range []homeassistant.Config{
		{URL: "homeassistant.local:8123"}, {URL: "http://home.example", Allow: []string{"everything"}},
	} {
		if _, err := homeassistant.New(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
