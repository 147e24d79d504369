package malgo

// PCM is a device that ALSA's configuration names.
type PCM struct {
	// Name is what Stream.PCM takes.
	Name string
	// Title describes it, for people.
	Title string
	// Capture says that it records, else it plays. Some do both and are listed twice.
	Capture bool
}
