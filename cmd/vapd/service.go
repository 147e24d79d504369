package main

import (
	"net"

	"vapd/internal/config"
)

// service tells systemd how the process is (sd_notify(3)). Without systemd it is
// silent.
type service struct{ socket string }

func newService(env config.Env) service { return service{env("NOTIFY_SOCKET")} }

// ready says that the process serves.
func (s service) ready() { s.tell("READY=1") }

// alive says that it still works, for WatchdogSec=.
func (s service) alive() { s.tell("WATCHDOG=1") }

func (s service) tell(state string) {
	if s.socket == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.socket, Net: "unixgram"})
	if err != nil {
		return // nobody is there to be told, and nothing better can be done
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(state))
}
