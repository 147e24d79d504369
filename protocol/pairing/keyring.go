package pairing

// Keyring is the keys that one side keeps for the other: a value to be stored as a whole
// after each change. The zero Keyring is empty.
//
// The rules that keep both sides together whatever is lost, once a key was used:
//   - Offer before a new key is told or confirmed to the other side, durably.
//   - The hub takes every key of its Keyring, and calls UsedByPeer when a handshake was
//     finished with one. Only that drops the older key.
//   - The satellite tries Next, then Current, again and again until one works, and then
//     calls Worked with it. Only that drops the other.
type Keyring struct {
	Current Key // in use; zero when there is none yet
	Next    Key // agreed, not used yet; zero when there is none
}

// Offer adds a key that was agreed. One that was offered before and never used gives way.
func (r Keyring) Offer(k Key) Keyring { return Keyring{r.Current, k} }

// Find returns the key with that Key.ID.
func (r Keyring) Find(keyID string) (Key, bool) {
	for _, k := range [...]Key{r.Next, r.Current} {
		if k != (Key{}) && k.ID() == keyID {
			return k, true
		}
	}
	return Key{}, false
}

// UsedByPeer is the hub's keyring after the satellite finished a handshake with k. The
// satellite may still have k alone, so when k is the older key the new one stays as well.
func (r Keyring) UsedByPeer(k Key) Keyring {
	if k == r.Next && k != (Key{}) {
		return Keyring{Current: k}
	}
	return r
}

// Worked is the satellite's keyring after it finished a handshake with k. It tried the
// other one before, or has no more need of it.
func (r Keyring) Worked(k Key) Keyring {
	if k != (Key{}) && (k == r.Next || k == r.Current) {
		return Keyring{Current: k}
	}
	return r
}
