package api

import "time"

// Commands that concern what the hub keeps about people.
type (
	// ShowPrivacy gives a control.HubPrivacy.
	ShowPrivacy struct{}
	// StartRecording lets the hub keep what is said to Clients, or to all satellites when
	// there are none, For a time, or until StopRecording when that is 0. By says for people
	// who wants it.
	StartRecording struct {
		By      string
		For     time.Duration
		Clients []string
	}
	// StopRecording ends it. What was recorded stays.
	StopRecording struct{}
	// StartKeepingWakes does the same for what wakes a satellite and is no wake word as far
	// as the hub can tell, until StopKeepingWakes.
	StartKeepingWakes StartRecording
	// StopKeepingWakes ends it. What was kept stays.
	StopKeepingWakes struct{}
	// MarkWake says of something that was kept whether the wake word is said in it.
	MarkWake struct {
		ID   string
		Said bool
	}
	// DeleteRecordings removes all that was recorded or kept, and gives a recordings.Deleted.
	DeleteRecordings struct{}
)

func (ShowPrivacy) command()       {}
func (StartRecording) command()    {}
func (StopRecording) command()     {}
func (StartKeepingWakes) command() {}
func (StopKeepingWakes) command()  {}
func (MarkWake) command()          {}
func (DeleteRecordings) command()  {}
