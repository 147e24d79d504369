package wyoming

import (
	"encoding/binary"
	"fmt"

	"vapd/audio"
)

// Types of events.
const (
	TypeAudioStart = "audio-start"
	TypeAudioChunk = "audio-chunk"
	TypeAudioStop  = "audio-stop"
	TypeTranscribe = "transcribe"
	TypeTranscript = "transcript"
	TypeSynthesize = "synthesize"
	TypeDescribe   = "describe"
	TypeInfo       = "info"
	TypeError      = "error"
	TypePing       = "ping"
	TypePong       = "pong"
)

// Audio is the data of audio-start and audio-chunk (whose payload is PCM) and, with
// Timestamp alone, of audio-stop.
type Audio struct {
	Rate      int    `json:"rate,omitempty"`      // frames per second
	Width     int    `json:"width,omitempty"`     // bytes a sample
	Channels  int    `json:"channels,omitempty"`  // 1 is mono
	Timestamp *int64 `json:"timestamp,omitempty"` // milliseconds
}

// Transcribe asks for the text of the audio that follows: audio-start, any number of
// audio-chunk, audio-stop. Empty fields leave the choice to the server.
type Transcribe struct {
	Name     string `json:"name,omitempty"`     // of the model
	Language string `json:"language,omitempty"` // BCP 47
}

// Transcript is the text of what was heard.
type Transcript struct {
	Text     string `json:"text"`
	Language string `json:"language,omitempty"`
}

// Synthesize asks for text as speech; the answer is audio-start, audio-chunk and
// audio-stop.
type Synthesize struct {
	Text  string `json:"text"`
	Voice *Voice `json:"voice,omitempty"`
}

// Voice chooses a voice by name, or else by language.
type Voice struct {
	Name     string `json:"name,omitempty"`
	Language string `json:"language,omitempty"`
	Speaker  string `json:"speaker,omitempty"`
}

// Error is a failure that the peer reports.
type Error struct {
	Text string `json:"text"`
	Code string `json:"code,omitempty"` // for machines
}

// Ping asks for a pong with the same text.
type Ping struct {
	Text string `json:"text,omitempty"`
}

// Info is the answer to describe: which services the peer has.
type Info struct {
	ASR []Program `json:"asr,omitempty"`
	TTS []Program `json:"tts,omitempty"`
}

// Program is a service with its models (of speech recognition) or voices.
type Program struct {
	Artifact
	Models []Model `json:"models,omitempty"`
	Voices []Model `json:"voices,omitempty"`
}

// Model is a model or a voice of a Program.
type Model struct {
	Artifact
	Languages []string `json:"languages"`
}

// Artifact is what every entry of an Info has.
type Artifact struct {
	Name        string      `json:"name"`
	Attribution Attribution `json:"attribution"`
	Installed   bool        `json:"installed"`
	Description string      `json:"description"`
	Version     string      `json:"version"`
}

// Attribution names the maker of an Artifact.
type Attribution struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// AudioOf is the data of audio in format f, 16 bits a sample.
func AudioOf(f audio.Format) Audio {
	return Audio{Rate: int(f.Rate), Width: 2, Channels: f.Channels}
}

// Format is the format that a describes. Other widths than 16 bits a sample are an
// error, as is what can't be sound.
func (a Audio) Format() (audio.Format, error) {
	if a.Width != 2 {
		return audio.Format{}, fmt.Errorf("wyoming: audio of %d bytes a sample: only 2 are supported", a.Width)
	}
	f := audio.Format{Rate: audio.SampleRate(a.Rate), Channels: a.Channels}
	return f, f.Validate()
}

// Chunk makes an audio-chunk of interleaved samples in format f. The payload is a
// copy.
func Chunk(f audio.Format, samples []int16) Event {
	pcm := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(s))
	}
	return New(TypeAudioChunk, AudioOf(f), pcm)
}

// Samples are the samples of an audio-chunk's payload, with the format that the
// chunk names.
func (e Event) Samples() (audio.Format, []int16, error) {
	var a Audio
	if err := e.Decode(&a); err != nil {
		return audio.Format{}, nil, err
	}
	f, err := a.Format()
	if err != nil {
		return f, nil, err
	}
	if len(e.Payload)%(2*f.Channels) != 0 {
		return f, nil, fmt.Errorf("wyoming: %d bytes of audio: not a whole number of frames", len(e.Payload))
	}
	samples := make([]int16, len(e.Payload)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(e.Payload[2*i:]))
	}
	return f, samples, nil
}
