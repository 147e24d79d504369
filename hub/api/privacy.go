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
	// DeleteRecordings removes all that was recorded, and gives a recordings.Deleted.
	DeleteRecordings struct{}
)

func (ShowPrivacy) command()      {}
func (StartRecording) command()   {}
func (StopRecording) command()    {}
func (DeleteRecordings) command() {}
