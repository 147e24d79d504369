//go:build !vapd_satellite

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vapd/audio"
	"vapd/audio/wav"
)

// An interrupted bench shows what it has measured, and its hub is gone.
func TestBenchHubIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "silence.wav"))
	if err != nil {
		t.Fatal(err)
	}
	if err := wav.Write(file, audio.Format{Rate: audio.WakeRate, Channels: 1}, make([]int16, 8000)); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := program(t.Context(), "bench", "hub", "--satellites", "5", "--talking", "2", "--for", "1h", "--dtls", "--json", "--recordings", dir)
	cmd.Env = append(cmd.Env, "TMPDIR="+t.TempDir())
	var out bytes.Buffer
	cmd.Stdout = &out
	progress, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(progress)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "5 of 5 connected, ") { // and the first fragments are there
			time.Sleep(time.Second)
			_ = cmd.Process.Signal(os.Interrupt) // Wait tells
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	var got struct {
		Connected int
		DTLS      bool
		Latency   map[string]struct{ Count int }
		Errors    map[string]int
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if got.Connected != 5 || !got.DTLS || got.Latency["fragment"].Count == 0 || len(got.Errors) > 0 {
		t.Errorf("%+v", got)
	}
}
