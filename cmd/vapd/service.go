package main

import (
	"encoding/json"
	"fmt"
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

// printReady prints the line that says that a daemon can be reached, and where.
func printReady(ready any) {
	line, err := json.Marshal(ready)
	if err != nil {
		panic(err) // a struct of strings and numbers
	}
	fmt.Printf("ready %s\n", line)
}
