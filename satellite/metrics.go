package satellite

import (
	"os"
	"runtime"
	"time"

	"vapd/internal/metrics"
	"vapd/internal/procfs"
	"vapd/satellite/link"
	"vapd/satellite/turn"
)

// tally counts what turns come to, and how long people wait.
type tally struct {
	results                  *metrics.Tally
	wordToFragment, toAnswer *metrics.Histogram
}

func newTally() tally {
	return tally{metrics.NewTally(), metrics.Latency(), metrics.Latency()}
}

// count takes a turn that is over.
func (t tally) count(r turn.Report) {
	t.results.Add(outcome(r.Err))
	if d, ok := r.WordToFragment(); ok {
		t.wordToFragment.Observe(d.Seconds())
	}
	if d, ok := r.HeardToAnswer(); ok {
		t.toAnswer.Observe(d.Seconds())
	}
}

// Metrics are the satellite's measurements for Prometheus. Nobody's word is in them.
func (s *Satellite) Metrics() []metrics.Family {
	st := s.link.Status()
	state, open, up := *s.seen.Load(), 0.0, 0.0
	if state.Mic == MicRunning && !state.Muted() {
		open = 1
	}
	if st.State == link.Up {
		up = 1
	}
	woke, misses := make(map[string]float64), make(map[string]float64)
	for _, w := range s.viewWords() {
		woke[w.Pack] = float64(w.Woke)
		misses[w.Pack] = w.NearMiss
	}
	level := s.ear.Levels()
	all := []metrics.Family{
		metrics.One(metrics.Gauge, "vapd_satellite_uptime_seconds", "Time since the start.", time.Since(s.started).Seconds()),
		metrics.One(metrics.Gauge, "vapd_satellite_memory_bytes", "Resident memory.", float64(procfs.Resident(os.Getpid()))),
		metrics.One(metrics.Counter, "vapd_satellite_cpu_seconds_total", "Processor time.", procfs.Processor(os.Getpid()).Seconds()),
		metrics.One(metrics.Gauge, "vapd_satellite_goroutines", "Goroutines.", float64(runtime.NumGoroutine())),
		metrics.One(metrics.Gauge, "vapd_satellite_link_up", "1 while a hub is there.", up),
		metrics.One(metrics.Counter, "vapd_satellite_link_losses_total", "Times that the link went down.", float64(st.Losses)),
		metrics.One(metrics.Gauge, "vapd_satellite_microphone_open", "1 while the microphone is open.", open),
		metrics.One(metrics.Counter, "vapd_satellite_microphone_reopens_total", "Times that the sound card was opened again.", float64(s.sound.Reopens())),
		metrics.One(metrics.Counter, "vapd_satellite_lost_frames_total", "Captured frames that were overwritten before they were heard.", float64(s.ear.Lost())),
		metrics.One(metrics.Gauge, "vapd_satellite_level_dbfs", "How loud the last tenth of a second was.", level.RMS),
		metrics.One(metrics.Gauge, "vapd_satellite_noise_dbfs", "The noise of the room.", level.Floor),
		metrics.By(metrics.Counter, "vapd_satellite_wakes_total", "Times that a wake word was heard.", "pack", woke),
		metrics.By(metrics.Gauge, "vapd_satellite_near_miss_score", "The last score of a wake word that came close.", "pack", misses),
		s.misses.counts.Family("vapd_satellite_near_misses_total", "Near misses that the hub wanted, by what came of them.", "result"),
		s.tally.results.Family("vapd_satellite_turns_total", "Turns that reached the hub, by what came of them.", "result"),
		s.tally.wordToFragment.Family("vapd_satellite_word_to_fragment_seconds", "From the end of the wake word to the first fragment."),
		s.tally.toAnswer.Family("vapd_satellite_heard_to_answer_seconds", "From the end of listening to the first sample of the answer."),
	}
	e, d := s.endpoint.Stats(), s.dtls.Stats()
	all = append(all, metrics.Sockets("vapd_satellite", map[string]metrics.Traffic{"udp": {
		Sent: e.Sent, Received: e.Received, Retransmitted: e.Retransmitted,
		Duplicates: e.Duplicates, Malformed: e.Malformed, Dropped: e.Dropped,
	}})...)
	return append(all, metrics.By(metrics.Counter, "vapd_satellite_dtls_handshakes_total", "DTLS handshakes by result.", "result", map[string]float64{
		"finished": float64(d.Finished), "failed": float64(d.Failed),
	}))
}
