package pairing

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"vapd/protocol/coap"
)

// leaks lists the forms in which a secret could show.
func leaks(secret []byte) []string {
	decimal := strings.Trim(fmt.Sprint(secret), "[]")
	return []string{
		string(secret), hex.EncodeToString(secret), strings.ToUpper(hex.EncodeToString(secret)),
		base64.StdEncoding.EncodeToString(secret), base64.RawURLEncoding.EncodeToString(secret),
		decimal, strings.ReplaceAll(decimal, " ", ","), strings.ReplaceAll(decimal, " ", ", "),
		strings.ReplaceAll(fmt.Sprintf("%# x", secret), " ", ", "),
	}
}

func searchFor(t *testing.T, what, text string, secrets map[string][]byte) {
	t.Helper()
	for name, secret := range secrets {
		for _, form := range leaks(secret) {
			if strings.Contains(text, form) {
				t.Errorf("%s shows the %s: %s", what, name, text)
			}
		}
	}
}

// No key and no passcode comes into a log or onto a screen by printing what has it.
func TestNothingShows(t *testing.T) {
	key := Key([]byte("0123456789abcdef0123456789ABCDEF"))
	p := Pairing{HubID: hubID, ID: satelliteID, Key: key}
	code, err := ParsePasscode("86420975")
	if err != nil {
		t.Fatal(err)
	}
	server, err := NewServer(Config{HubID: hubID, Keys: newStore()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	rotation, err := NewRotation(RotationConfig{Pairing: func(coap.Peer) (Pairing, bool) { return p, true }, Offer: func(Pairing) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string][]byte{"key": key[:], "passcode": []byte("86420975"), "spoken passcode": []byte("8642 0975")}
	for _, x := range []any{
		key, &key, p, &p,
		[]Pairing{p},
		map[string]Pairing{"x": p},
		Keyring{key, key},
		&Keyring{key, key},
		KeyFile{p, "x"},
		&KeyFile{p, "x"}, code, &code,
		Invitation{hubID, "x", code},
		&Invitation{hubID, "x", code},
		server, NewClient(ClientConfig{}), rotation,
		Event{ID: "x"},
		Satellite{ID: "x"},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%U"} {
			searchFor(t, fmt.Sprintf("%s of %T", verb, x), fmt.Sprintf(verb, x), secrets)
		}
		searchFor(t, fmt.Sprintf("Sprint of %T", x), fmt.Sprint(x)+fmt.Sprintln(x), secrets)
		var log bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(h).Info("x", "x", x, slog.Group("g", "y", x))
		}
		searchFor(t, fmt.Sprintf("slog of %T", x), log.String(), secrets)
		text, _ := json.Marshal(x)
		searchFor(t, fmt.Sprintf("JSON of %T", x), string(text), secrets)
	}
	if got := fmt.Sprintf("%v %x %d", key, p.Key, code); got != "(secret) (secret) (secret)" {
		t.Errorf("secrets print as %s", got)
	}
}

// Nor into the hub's log and events, or into errors, while pairing.
func TestPairingLogsNoSecrets(t *testing.T) {
	inTime(t, "all ways", func(t *testing.T) {
		h := newHub(t, newStore())
		h.approving(t, true)
		openPush(t, h)
		pushed := push(t, h.line())
		code := openCode(t, h).Passcode
		_, mistyped := withCode(t, h.line(), wrong(t, code))
		coded, err := withCode(t, h.line(), code)
		if err != nil || pushed.err != nil {
			t.Fatal(err, pushed.err)
		}
		file, err := h.Export(Satellite{ID: "org.vapd.satellite.other"}, "")
		if err != nil {
			t.Fatal(err)
		}
		secrets := map[string][]byte{
			"pushed key": pushed.p.Key[:], "coded key": coded.Key[:], "key of the file": file.Pairing.Key[:],
			"passcode": []byte(code.digits), "wrong passcode": []byte(wrong(t, code).digits),
		}
		if h.log.Len() == 0 {
			t.Error("nothing was logged")
		}
		searchFor(t, "the log", h.log.String(), secrets)
		searchFor(t, "the events", fmt.Sprintf("%+v", h.told), secrets)
		searchFor(t, "an error", fmt.Sprint(mistyped), secrets)
		for _, text := range []string{"x", "hub = \"a\"\nkey = \"" + base64.StdEncoding.EncodeToString(coded.Key[:]) + "\nx"} {
			_, err := ParseKeyFile([]byte(text))
			searchFor(t, "an error", fmt.Sprint(err), secrets)
		}
		for _, uri := range []string{"vapd:pear?code=" + code.digits, "vapd:pair?%zz&code=" + code.digits, "vapd:pair?hub=x&code=1" + code.digits, ":" + code.digits} {
			_, err := ParseInvitation(uri)
			if err == nil {
				t.Errorf("%s is an invitation", uri)
			}
			searchFor(t, "an error", fmt.Sprint(err), secrets)
		}
	})
}
