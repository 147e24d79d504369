// Package pairing gives a hub and a satellite that do not know each other yet a key that
// nobody else has: the pre-shared key of their DTLS. docs/pairing.md describes the three
// ways, the messages and what an attacker can do.
//
//   - Push: a person holds the satellite's key, the owner opens a window on the hub
//     (Server.OpenPush), both sides show the same Code, the owner approves it there
//     (Server.Approve) and the person at the satellite here (Comparer). X25519 (RFC
//     7748); the hub commits to its key before it sees the satellite's, as in ZRTP (RFC
//     6189), so nobody in between can look for keys that give equal codes.
//   - Code: the hub makes eight digits (Server.OpenCode), a person types them at the
//     satellite or lets it scan them (Client.WithCode). SPAKE2+ (RFC 9383): who has not
//     the digits gets five online tries and nothing to try offline.
//   - Key file: the hub's owner writes a KeyFile and puts it on the satellite.
//
// The messages go over plain CoAP, as nobody has a key yet. The result is a Pairing on
// both sides. Later Server.Rotate and Rotation agree a new key over the secured link.
//
// Each side keeps a Keyring for the other: an agreed key is valid beside the key in use,
// which goes only when the new one was used. So neither a lost message nor a crash at
// any moment locks anybody out.
//
// Everything with a key or a passcode in it prints as "(secret)".
package pairing
