package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"vapd/internal/config"
	"vapd/protocol/control"
)

// callWait is how long a daemon may take to answer the command line.
const callWait = 10 * time.Second

// callDaemon calls a method of the daemon that runs. socket is its control socket, ""
// for where it listens by itself.
func callDaemon[R any](part config.Part, socket, method string, params any) (result R, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), callWait)
	defer cancel()
	conn, err := dialDaemon(ctx, part, socket)
	if err != nil {
		return result, err
	}
	defer conn.Close()
	return control.Call[R](ctx, conn, method, params)
}

// dialDaemon connects to the daemon that runs.
func dialDaemon(ctx context.Context, part config.Part, socket string) (*control.Client, error) {
	path, err := config.FindControlSocket(part, socket, os.Getenv)
	if err != nil {
		return nil, err
	}
	conn, err := control.Dial(ctx, path)
	if errors.Is(err, control.ErrNotRunning) {
		err = fmt.Errorf("%w: start the %[2]s with 'vapd %[2]s', or name its socket with --control", err, part)
	}
	return conn, err
}
