package speech_test

import (
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vapd/hub/speech"
	"vapd/internal/sharedtest"
)

const second = 16000

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

// inNoise is clip behind a wake word, in a room with gain times noise, from sample from
// on. The word is the loudest part of the clip. end is where the person falls silent.
func inNoise(clip, noise []int16, from int, gain float64) (room []int16, word speech.Span, end int64) {
	const lead, tail = 2 * second, 3 * second
	word = speech.Span{From: second, To: second + second*6/10}
	wake := loudestPart(clip, second*6/10)
	room = make([]int16, lead+len(clip)+tail)
	for k := range room {
		v := gain * float64(noise[(k+from)%len(noise)])
		if k >= lead && k < lead+len(clip) {
			v += float64(clip[k-lead])
		}
		if k >= int(word.From) && k < int(word.To) {
			v += float64(wake[k-int(word.From)])
		}
		room[k] = int16(min(max(v, -32768), 32767))
	}
	return room, word, int64(lead + endOfSpeech(clip))
}

// decidedAfter is how long after end the utterance is taken to be over, -1 when it
// never is.
func decidedAfter(room []int16, word speech.Span, end int64) (time.Duration, bool) {
	cfg := speech.DefaultEndpointConfig
	cfg.Longest = time.Minute
	e := speech.NewEndpointer(cfg, word)
	for k := 0; k+320 <= len(room); k += 320 {
		for _, p := range e.Write(room[k : k+320]) {
			if p.Kind == speech.Ended {
				return time.Duration(int64(k+320)-end) * time.Second / second, true
			}
		}
	}
	return 0, false
}

// People in a kitchen: hardly anybody is cut off, and the end is found in time. The
// few who are pause for longer than the hub waits.
func TestEndpointsOfPeople(t *testing.T) {
	files, err := filepath.Glob(sharedtest.Path(t, "audio", "commands", "*-*.flac"))
	if err != nil || len(files) < 200 {
		t.Fatalf("recordings of commands: %d, %v", len(files), err)
	}
	var clips [][]int16
	for i := 0; i < len(files); i += 4 {
		clips = append(clips, sharedtest.ReadFLAC(t, files[i]))
	}
	kitchen := sharedtest.ReadFLAC(t, sharedtest.Path(t, "audio", "commands", "kitchen.flac"))
	noise := loudest(kitchen)
	for _, c := range []struct {
		snr       float64 // decibels
		mostEarly int     // percent
		mostLate  time.Duration
	}{{40, 4, 800 * time.Millisecond}, {24, 6, 850 * time.Millisecond}, {15, 15, 0}, {9, 20, 0}} {
		var late []time.Duration
		early := 0
		for i, clip := range clips {
			gain := math.Sqrt(loudest(clip) / noise / math.Pow(10, c.snr/10))
			room, word, end := inNoise(clip, kitchen, i*4*7919, gain)
			d, ok := decidedAfter(room, word, end)
			switch {
			case !ok:
				t.Errorf("%.0f dB: %s never ends", c.snr, filepath.Base(files[4*i]))
			case d < 200*time.Millisecond:
				early++
			default:
				late = append(late, d)
			}
		}
		slices.Sort(late)
		p90 := late[len(late)*9/10]
		t.Logf("%2.0f dB: %d of %d cut off; decided after p50 %v, p90 %v, at most %v", c.snr, early, len(clips),
			late[len(late)/2], p90, late[len(late)-1])
		if 100*early > c.mostEarly*len(clips) || c.mostLate > 0 && p90 > c.mostLate {
			t.Errorf("%.0f dB: want at most %d %% cut off, and p90 %v", c.snr, c.mostEarly, c.mostLate)
		}
	}
}
