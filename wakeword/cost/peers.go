package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

//go:embed peers.py
var peersProgram string

// peer is what another runtime took for a recording, and what it made of it: the SHA-256
// of all features, or an output for each inference.
type peer struct {
	cpu    time.Duration
	output string // in hexadecimal
}

// runPeers has other runtimes listen: TensorFlow Lite Micro with its reference kernels,
// TensorFlow Lite with XNNPACK, and TensorFlow's microfrontend. python is the folder of
// their packages.
func runPeers(ctx context.Context, python string, args ...string) (map[string]peer, error) {
	cmd := exec.CommandContext(ctx, "python3", append([]string{"-"}, args...)...)
	cmd.Stdin = strings.NewReader(peersProgram)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+python, "PYTHONDONTWRITEBYTECODE=1", "OMP_NUM_THREADS=1")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cost: running the other runtimes (scripts/peers.sh %s installs them): %w\n%s",
			python, err, complaints.Bytes())
	}
	return parsePeers(out)
}

func parsePeers(out []byte) (map[string]peer, error) {
	peers := make(map[string]peer)
	for line := range bytes.Lines(out) {
		words := strings.Fields(string(line))
		if len(words) != 3 {
			continue
		}
		p := peers[words[1]]
		switch words[0] {
		case "cpu":
			ns, err := strconv.ParseInt(words[2], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("cost: the other runtimes wrote %q", line)
			}
			p.cpu = time.Duration(ns)
		case "output":
			p.output = words[2]
		}
		peers[words[1]] = p
	}
	for _, name := range []string{microfrontend, tflm, xnnpack} {
		if p := peers[name]; p.cpu <= 0 || p.output == "" {
			return nil, fmt.Errorf("cost: %s took %v and gave %q: it did not run", name, p.cpu, p.output)
		}
	}
	return peers, nil
}
