package export

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"vapd/wakeword/pack"
	"vapd/wakeword/tflite"
	"vapd/wakeword/train/net"
)

// Requirement is the pinned runtimes, as pip names them: TensorFlow Lite Micro, and
// TensorFlow Lite with XNNPACK.
const Requirement = "tflite-micro==0.dev20261023182759;platform_machine=='x86_64' pymicro-wakeword==2.5.0;platform_machine=='x86_64'"

// peers runs a pack in both runtimes: peers MANIFEST ARENA FEATURES CLIP-LENGTH, all in
// int8. Each clip begins with a fresh state. It prints what each gives, in 1/256.
const peers = `
import json, sys
import numpy as np
from tflite_micro.python.tflite_micro import runtime
from pymicro_wakeword import MicroWakeWord

manifest, arena, features, length = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
clips = np.fromfile(features, np.int8).reshape(-1, length)
word = MicroWakeWord.from_config(manifest)
micro = runtime.Interpreter.from_file(str(word.tflite_model), arena_size=arena)
scale, zero, stride = word.input_scale, word.input_zero_point, word.stride
out = {"tflm": [], "xnnpack": []}
for clip in clips:
    word.reset()
    micro.reset()
    for step in clip.reshape(-1, stride, 40):
        micro.set_input(step[None], 0)
        micro.invoke()
        out["tflm"].append(int(micro.get_output(0)[0, 0]))
        for feature in step:
            p = word.process_streaming_prob((feature.astype(np.float64)[None, None] - zero) * scale)
        out["xnnpack"].append(round(p * 256))
print(json.dumps(out))
`

// testOtherRuntimes: an exported pack is loaded with its manifest and the arena that it
// asks for, and gives in TensorFlow Lite Micro and in TensorFlow Lite what it gives in
// ours.
func testOtherRuntimes(t *testing.T, c net.Config, m *Model) {
	python := filepath.Join("..", "..", "..", "build", "python")
	if runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
		t.Skip("the packages of tflite-micro and pymicro-wakeword are installed on linux/amd64 only")
	}
	for _, module := range []string{"tflite_micro", "pymicro_wakeword"} {
		if _, err := os.Stat(filepath.Join(python, module)); err != nil {
			t.Fatalf("the Python package %s is not there: run scripts/peers.sh build/python (or make test)", module)
		}
	}
	dir := t.TempDir()
	manifest := pack.Manifest{WakeWord: "toy", Micro: pack.Micro{ProbabilityCutoff: 0.5, SlidingWindowSize: 1}}
	save := func(path string, data []byte) error { return os.WriteFile(path, data, 0o600) }
	if err := m.Save(dir, "toy", manifest, save); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "toy.json")
	p, err := pack.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := p.NewModel()
	if err != nil {
		t.Fatal(err)
	}
	clips := clips(c, 20, 4)
	length := len(clips[0]) / len(ours.Input()) * len(ours.Input())
	for i := range clips {
		clips[i] = clips[i][:length]
	}
	compare(t, scores(ours, clips), ask(t, python, path, p.Manifest.Micro.TensorArenaSize, clips))
}

// compare holds the scores of other runtimes to ours.
func compare(t *testing.T, ours []int, theirs map[string][]int) {
	t.Helper()
	if low, high := slices.Min(ours), slices.Max(ours); high-low < 128 {
		t.Errorf("the scores are %d to %d: they prove nothing", low, high)
	}
	for _, peer := range []string{"tflm", "xnnpack"} {
		if len(theirs[peer]) != len(ours) {
			t.Fatalf("%s gave %d scores, want %d", peer, len(theirs[peer]), len(ours))
		}
		differ, farthest := 0, 0
		for i, got := range theirs[peer] {
			d := got - ours[i]
			farthest = max(farthest, d, -d)
			if d != 0 {
				differ++
			}
		}
		t.Logf("%s differs in %d of %d scores, by %d at most", peer, differ, len(ours), farthest)
		if farthest > 24 {
			t.Errorf("%s differs by %d", peer, farthest)
		}
	}
}

// scores are what our runtime gives.
func scores(m *tflite.Model, clips [][]int8) (out []int) {
	for _, clip := range clips {
		m.Reset()
		for n := len(m.Input()); len(clip) > 0; clip = clip[n:] {
			copy(m.Input(), clip)
			out = append(out, int(m.Invoke()))
		}
	}
	return out
}

// ask is what the others give.
func ask(t *testing.T, python, manifest string, arena int, clips [][]int8) (out map[string][]int) {
	t.Helper()
	var data []byte
	for _, clip := range clips {
		for _, v := range clip {
			data = append(data, byte(v))
		}
	}
	features := filepath.Join(t.TempDir(), "features.i8")
	if err := os.WriteFile(features, data, 0o600); err != nil {
		t.Fatal(err)
	}

	cmd := exec.CommandContext(t.Context(), "python3", "-c", peers, manifest, strconv.Itoa(arena), features, strconv.Itoa(len(clips[0])))
	cmd.Env = append(os.Environ(), "PYTHONPATH="+python, "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}
