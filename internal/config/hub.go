package config

import (
	"cmp"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Hub has the settings of the hub.
type Hub struct {
	Listen       string     `toml:"listen" doc:"UDP address and port that satellites connect to. \"[::]:5683\" is every interface, IPv4 and IPv6; \"127.0.0.1:0\" is this machine only, on a free port."`
	ListenDTLS   string     `toml:"listen_dtls" doc:"The same for CoAP over DTLS, with which paired satellites connect. Empty: the address of listen, and its port plus one."`
	Security     string     `toml:"security" doc:"\"paired\": satellites in the network have to be paired ('vapd hub pair'), and everything is encrypted; only those on this machine may connect plainly. \"open\": any satellite connects without encryption as well, and everybody on the network can listen and speak in its name."`
	Name         string     `toml:"name" doc:"Name under which people see the hub, at most 63 bytes. Empty: the machine's name."`
	Discoverable bool       `toml:"discoverable" doc:"Announce the hub by DNS-SD and answer CoAP multicast, so that satellites and skills find it without an address."`
	Clients      Clients    `toml:"clients"`
	Skills       Skills     `toml:"skills"`
	Focus        Focus      `toml:"focus"`
	Session      Session    `toml:"session"`
	Speech       Speech     `toml:"speech"`
	Recordings   Recordings `toml:"recordings"`
	Wake         Wake       `toml:"wake"`
	Metrics      string     `toml:"metrics" doc:"TCP address and port where Prometheus fetches measurements, at /metrics: \"127.0.0.1:9464\". Whoever reaches it can read them; there are no names and no words in them. Empty: nowhere."`
	LogLevel     slog.Level `toml:"log_level" doc:"DEBUG, INFO, WARN or ERROR."`
	StateDir     string     `toml:"state_dir" doc:"Folder of what the hub keeps (its identity, hub.db, wake packs). Empty: $STATE_DIRECTORY, else $XDG_STATE_HOME/vapd/hub."`
	Control      string     `toml:"control_socket" doc:"Unix socket of the command line. Empty: hub.sock in $RUNTIME_DIRECTORY, else in $XDG_RUNTIME_DIR/vapd."`
}

// Clients says which satellites may connect.
type Clients struct {
	Approval  string   `toml:"approval" doc:"What happens to a satellite that the hub does not know: \"first\" approves the first one and asks about the others ('vapd hub clients'), \"ask\" asks about every one, \"all\" approves every one. Satellites on this machine are always approved."`
	Tokenless []string `toml:"tokenless" doc:"Ids of clients that may connect without a token, because they can't keep one. Whoever can send from your network can pretend to be one of them."`
	Max       int      `toml:"max" doc:"Satellites that may be connected at the same time, 1 to 20000. One more gets the error tooManyClients."`
}

// Skills says which skills may connect. They are taken as satellites are: those on this
// machine without a key.
type Skills struct {
	Tokenless    []string `toml:"tokenless" doc:"Ids of skills that may connect without a token, because they can't keep one, as the reference implementation's can't. Whoever can send from this machine can pretend to be one of them."`
	DoNotDisturb string   `toml:"do_not_disturb" doc:"Hours of the day, such as \"22:00-07:00\", in which skills say nothing on their own, but what they call urgent: it waits until they are over. Empty: none."`
	Reference    []string `toml:"reference" doc:"Ids of skills that want messages as the reference implementation in Python does: arrays in place of maps. They get no token."`

	HomeAssistant HomeAssistant `toml:"home_assistant"`
}

// HomeAssistant says which house people can speak of.
type HomeAssistant struct {
	URL       string   `toml:"url" doc:"Where people open Home Assistant: \"http://homeassistant.local:8123\", or https:// with a certificate that this machine trusts. Empty: nowhere, and nobody can speak of a house."`
	TokenFile string   `toml:"token_file" doc:"File with a long-lived access token of Home Assistant, which is made in the profile of a user there. Nobody else should be able to read it (mode 0600): who has it rules the house."`
	Allow     []string `toml:"allow" doc:"What lets people into the house, and is refused otherwise: \"unlock\" (unlock locks), \"garage\" (open garage doors, gates and doors). Whoever can be heard from outside by a microphone can then say it as well."`
}

// Focus says which of several satellites that woke answers.
type Focus struct {
	Window            Duration `toml:"window" doc:"How long the hub waits for other satellites that heard the same wake word, 0s to 2s. With one connected satellite it does not wait."`
	RequireSpeaker    bool     `toml:"require_speaker" doc:"Refuse everybody whose voice the hub does not know ('vapd hub people'). A recording or a good imitation passes: it is a lock beside others, never the only one, so that security has to be \"paired\"."`
	SpeakerConfidence float64  `toml:"speaker_confidence" doc:"How sure the hub has to be of who speaks where require_speaker is on, 0.5 to 0.99. Higher keeps more strangers out, and more often those who are known, too."`
}

// Session limits one utterance and what follows it.
type Session struct {
	EndSilence      Duration `toml:"end_silence" doc:"Silence after speech that ends an utterance, 200ms to 3s."`
	CompleteSilence Duration `toml:"complete_silence" doc:"The same when what was said is already a whole sentence that the hub knows; not above end_silence. It is half as long again after one of more than 1.2 s that may go on."`
	NoSpeech        Duration `toml:"no_speech" doc:"A session in which nobody speaks ends after this, 1s to 30s."`
	Most            int      `toml:"most" doc:"Conversations at the same time, 1 to 2000; each needs an engine while somebody speaks (speech.most). One more gets the error tooManyClients, and may try again after 5 s."`
	MaxUtterance    Duration `toml:"max_utterance" doc:"An utterance is cut off after this, 2s to 60s."`
}

// Speech says which engines listen and speak.
type Speech struct {
	Language string `toml:"language" doc:"What people speak, as a tag of BCP 47. Skills are understood that have sentences of this language; those of the hub itself, and the built-in engines, have English only: another language needs Wyoming servers, or \"none\"."`
	STT      string `toml:"stt" doc:"What understands speech: \"pocketsphinx\" (Debian packages libpocketsphinx3 and pocketsphinx-en-us), \"none\", or a Wyoming server \"tcp://HOST:PORT\"."`
	TTS      string `toml:"tts" doc:"What speaks: \"flite\" (Debian package flite), \"none\", or a Wyoming server \"tcp://HOST:PORT\"."`
	Most     int    `toml:"most" doc:"What one engine understands or says at the same time, 1 to 1000: as many processes of a built-in engine, or connections to a Wyoming server. What comes besides waits for 3 s and then fails."`
	Voice    string `toml:"voice" doc:"Voice of the TTS engine; flite has slt, rms, awb, kal16."`
}

// Recordings bounds what the hub keeps of what people say, while somebody lets it.
type Recordings struct {
	MaxMB int      `toml:"max_mb" doc:"Size of all recordings in MB, 1 to 100000; the oldest give way. Nothing is recorded before somebody turns it on with 'vapd hub privacy record on': no setting does."`
	Keep  Duration `toml:"keep" doc:"How long a recording is kept, 1h to 8760h (a year)."`
}

// Wake says how wake words are looked at again, and bounds what is kept of those that were
// none.
type Wake struct {
	SecondLook bool     `toml:"second_look" doc:"Look again at every wake word with a larger model, beside the recognition, and refuse silently what that rejects. The models are those that come with the program, and the packs in the folder wake of the state folder; words without one are believed."`
	Max        int      `toml:"max" doc:"How many wakes that were rejected, and near misses, are kept, 1 to 100000; the oldest give way. Nothing is kept before somebody turns it on with 'vapd hub privacy wakes on': no setting does."`
	MaxMB      int      `toml:"max_mb" doc:"Size of all of them in MB, 1 to 100000."`
	Keep       Duration `toml:"keep" doc:"How long each is kept, 1h to 8760h (a year)."`
}

// DefaultHub has every setting's default.
func DefaultHub() Hub {
	return Hub{
		Listen:       "[::]:5683",
		Security:     SecurityPaired,
		Discoverable: true,
		Clients:      Clients{Approval: "first", Tokenless: []string{}, Max: 32},
		Skills:       Skills{Tokenless: []string{}, Reference: []string{}, HomeAssistant: HomeAssistant{Allow: []string{}}},
		Focus:        Focus{Window: Duration(200 * time.Millisecond), SpeakerConfidence: 0.8},
		Session: Session{
			EndSilence:      Duration(700 * time.Millisecond),
			CompleteSilence: Duration(300 * time.Millisecond),
			NoSpeech:        Duration(5 * time.Second),
			Most:            64,
			MaxUtterance:    Duration(10 * time.Second),
		},
		Speech:     Speech{Language: "en-US", STT: "pocketsphinx", TTS: "flite", Most: 4, Voice: "slt"},
		Recordings: Recordings{MaxMB: 500, Keep: Duration(7 * 24 * time.Hour)},
		Wake:       Wake{SecondLook: true, Max: 1000, MaxMB: 50, Keep: Duration(90 * 24 * time.Hour)},
		LogLevel:   slog.LevelInfo,
	}
}

func (h *Hub) validate() error {
	s := h.Session
	return cmp.Or(
		addrPort("listen", h.Listen),
		h.validateDTLS(),
		oneOf("security", h.Security, SecurityPaired, SecurityOpen),
		name("name", h.Name),
		metricsAddr(h.Metrics),
		oneOf("clients.approval", h.Clients.Approval, "first", "ask", "all"),
		between("clients.max", h.Clients.Max, 1, 20000),
		between("focus.window", h.Focus.Window, 0, Duration(2*time.Second)),
		between("focus.speaker_confidence", h.Focus.SpeakerConfidence, 0.5, 0.99),
		h.validateSpeaker(),
		h.validateHours(),
		h.Skills.HomeAssistant.validate(),
		between("session.end_silence", s.EndSilence, Duration(200*time.Millisecond), Duration(3*time.Second)),
		between("session.complete_silence", s.CompleteSilence, Duration(100*time.Millisecond), s.EndSilence),
		between("session.no_speech", s.NoSpeech, Duration(time.Second), Duration(30*time.Second)),
		between("session.most", s.Most, 1, 2000),
		between("session.max_utterance", s.MaxUtterance, Duration(2*time.Second), Duration(60*time.Second)),
		between("recordings.max_mb", h.Recordings.MaxMB, 1, 100000),
		between("recordings.keep", h.Recordings.Keep, Duration(time.Hour), Duration(8760*time.Hour)),
		between("wake.max", h.Wake.Max, 1, 100000),
		between("wake.max_mb", h.Wake.MaxMB, 1, 100000),
		between("wake.keep", h.Wake.Keep, Duration(time.Hour), Duration(8760*time.Hour)),
		between("speech.most", h.Speech.Most, 1, 1000),
		engine("speech.stt", h.Speech.STT, "pocketsphinx"),
		engine("speech.tts", h.Speech.TTS, "flite"),
		h.validateLanguage(),
	)
}

// languageTag is the form of BCP 47, without what nobody speaks in.
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// validateLanguage sees to it that the engines speak it.
func (h *Hub) validateLanguage() error {
	s := h.Speech
	if !languageTag.MatchString(s.Language) {
		return &problem{"speech.language", "want a tag of BCP 47 like \"en-US\" or \"de\", not \"" + s.Language + "\""}
	}
	if base, _, _ := strings.Cut(strings.ToLower(s.Language), "-"); base == "en" {
		return nil
	}
	for key, engine := range map[string]string{"speech.stt": s.STT, "speech.tts": s.TTS} {
		if engine != "none" && !strings.HasPrefix(engine, "tcp://") {
			return &problem{key, engine + " knows English only: with speech.language = \"" + s.Language + "\" set a Wyoming server \"tcp://HOST:PORT\", or \"none\""}
		}
	}
	return nil
}

func (h HomeAssistant) validate() error {
	for _, a := range h.Allow {
		if err := oneOf("skills.home_assistant.allow", a, "unlock", "garage"); err != nil {
			return err
		}
	}
	if h.URL == "" {
		return nil
	}
	if u, err := url.Parse(h.URL); err != nil || u.Hostname() == "" || u.User != nil || !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme) {
		return &problem{"skills.home_assistant.url", "want an address like \"http://homeassistant.local:8123\", without a password"}
	}
	if h.TokenFile == "" {
		return &problem{"skills.home_assistant.token_file", "is needed with url: make a long-lived access token in your profile in Home Assistant, and write it into a file"}
	}
	return nil
}

func (h *Hub) validateHours() error {
	if _, err := ParseHours(h.Skills.DoNotDisturb); err != nil {
		return &problem{"skills.do_not_disturb", err.Error()}
	}
	return nil
}

// validateSpeaker sees to it that a voice is not the only lock.
func (h *Hub) validateSpeaker() error {
	if h.Focus.RequireSpeaker && h.Security == SecurityOpen {
		return &problem{"focus.require_speaker", "with security = \"open\" a voice would be the only lock, and a recording opens it: pair the satellites ('vapd hub pair')"}
	}
	return nil
}

// Values of the setting security, of both parts.
const (
	SecurityPaired = "paired"
	SecurityOpen   = "open"
)

// DTLSAddr is the address for CoAP over DTLS: listen_dtls, or what follows from listen.
func (h *Hub) DTLSAddr() string {
	if h.ListenDTLS != "" {
		return h.ListenDTLS
	}
	listen, err := netip.ParseAddrPort(h.Listen)
	if err != nil || listen.Port() == 0 || listen.Port() == 65535 {
		return h.Listen
	}
	return netip.AddrPortFrom(listen.Addr(), listen.Port()+1).String()
}

func (h *Hub) validateDTLS() error {
	if h.ListenDTLS == "" {
		return nil
	}
	return addrPort("listen_dtls", h.ListenDTLS)
}

// metricsAddr accepts an address and port, or nothing.
func metricsAddr(value string) error {
	if value == "" {
		return nil
	}
	return addrPort("metrics", value)
}

func addrPort(key, value string) error {
	if _, err := netip.ParseAddrPort(value); err != nil {
		return &problem{key, "want an address and a port like \"[::]:5683\" or \"192.168.1.2:5683\", not \"" + value + "\""}
	}
	return nil
}

// engine accepts a built-in engine, "none" and the address of a Wyoming server.
func engine(key, value, builtin string) error {
	if host, ok := strings.CutPrefix(value, "tcp://"); ok {
		return hostPort(key, host)
	}
	return oneOf(key, value, builtin, "none", "tcp://HOST:PORT")
}
