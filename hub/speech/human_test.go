package speech_test

import (
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/mewkiz/flac"

	"vapd/hub/speech"
	"vapd/internal/sharedtest"
)

const second = 16000

// readFLAC is a recording of one channel.
func readFLAC(tb testing.TB, path string) []int16 {
	tb.Helper()
	s, err := flac.ParseFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Close()
	var out []int16
	for {
		f, err := s.ParseNext()
		if err == io.EOF {
			return out
		}
		if err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
		for _, v := range f.Subframes[0].Samples {
			out = append(out, int16(v))
		}
	}
}

// loudest is the greatest mean square of 2,048 samples.
func loudest(samples []int16) float64 {
	var best float64
	for i := 0; i+2048 <= len(samples); i += 1024 {
		sum := 0.0
		for _, s := range samples[i : i+2048] {
			sum += float64(s) * float64(s)
		}
		best = max(best, sum/2048)
	}
	return best
}

// endOfSpeech is where a clean recording falls silent: behind the last 10 ms within
// 30 dB of the loudest ones.
func endOfSpeech(samples []int16) int {
	var db []float64
	for i := 0; i+160 <= len(samples); i += 160 {
		sum := 1.0
		for _, s := range samples[i : i+160] {
			sum += float64(s) * float64(s)
		}
		db = append(db, 10*math.Log10(sum/160))
	}
	top := slices.Max(db)
	low := slices.Sorted(slices.Values(db))[len(db)/20]
	for i := len(db) - 1; i > 0; i-- {
		if db[i] > max(top-30, low+10) {
			return (i + 1) * 160
		}
	}
	return len(samples)
}

// loudestPart is the part of n samples with the most energy: it stands for a wake word.
func loudestPart(samples []int16, n int) []int16 {
	best, at := 0.0, 0
	for i := 0; i+n <= len(samples); i += n / 4 {
		sum := 0.0
		for _, s := range samples[i : i+n] {
			sum += float64(s) * float64(s)
		}
		if sum > best {
			best, at = sum, i
		}
	}
	return samples[at : at+n]
}

// People in a kitchen: nobody is cut off, and the end is found in time.
func TestEndpointsOfPeople(t *testing.T) {
	files, err := filepath.Glob(sharedtest.Path(t, "audio", "commands", "*-*.flac"))
	if err != nil || len(files) < 200 {
		t.Fatalf("recordings of commands: %d, %v", len(files), err)
	}
	kitchen := readFLAC(t, sharedtest.Path(t, "audio", "commands", "kitchen.flac"))
	noise := loudest(kitchen)
	for _, snr := range []float64{40, 24, 15, 9} {
		var late []float64
		early, never := 0, 0
		for i, file := range files {
			if i%4 != 0 {
				continue
			}
			clip := readFLAC(t, file)
			gain := math.Sqrt(loudest(clip) / noise / math.Pow(10, snr/10))
			const lead, tail = 2 * second, 3 * second
			word := speech.Span{From: second, To: second + second*6/10}
			wake := loudestPart(clip, second*6/10)
			room := make([]int16, lead+len(clip)+tail)
			for k := range room {
				v := gain * float64(kitchen[(k+i*7919)%len(kitchen)])
				if k >= lead && k < lead+len(clip) {
					v += float64(clip[k-lead])
				}
				if k >= int(word.From) && k < int(word.To) {
					v += float64(wake[k-int(word.From)])
				}
				room[k] = int16(min(max(v, -32768), 32767))
			}
			want := lead + endOfSpeech(clip)
			e := speech.NewEndpointer(speech.EndpointConfig{Silence: 700 * time.Millisecond, ShortSilence: 300 * time.Millisecond, NoSpeech: 5 * time.Second, Longest: 20 * time.Second}, word)
			decided := -1
			for k := 0; k+320 <= len(room) && decided < 0; k += 320 {
				for _, p := range e.Write(room[k : k+320]) {
					if p.Kind == speech.Ended {
						decided = k + 320
					}
				}
			}
			switch ms := float64(decided-want) / 16; {
			case decided < 0:
				never++
				if os.Getenv("V") != "" {
					t.Logf("%v never %s want %d len %d", snr, filepath.Base(file), want/16, len(room)/16)
				}
			case ms < 200:
				early++
				if os.Getenv("V") != "" {
					t.Logf("%v early %s %v want %d", snr, filepath.Base(file), ms, want/16)
				}
			default:
				late = append(late, ms)
			}
		}
		slices.Sort(late)
		t.Logf("SNR %2.0f dB: early %d, never %d, of %d; decided after p10 %.0f p50 %.0f p90 %.0f max %.0f ms", snr, early, never, len(late)+early+never,
			late[len(late)/10], late[len(late)/2], late[len(late)*9/10], late[len(late)-1])
	}
}
