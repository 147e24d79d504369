//go:build !vapd_satellite

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"vapd/internal/config"
	"vapd/protocol/control"
)

// hubLogsCmd is "vapd hub logs".
type hubLogsCmd struct {
	Client string `arg:"" optional:"" help:"Id of the satellite. Default: all."`
	Follow bool   `short:"f" help:"Go on with what comes, until Ctrl-C."`
	Level  string `default:"INFO" enum:"DEBUG,INFO,WARN,ERROR" help:"The least level: DEBUG, INFO, WARN or ERROR. What satellites send is their setting log_to_hub."`
	JSON   bool   `help:"As JSON, one line each."`
}

// Run shows the logs.
func (l hubLogsCmd) Run(c *hubCmd) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	conn, err := dialDaemon(ctx, config.PartHub, c.Control)
	if err != nil {
		return err
	}
	defer conn.Close()
	of := control.LogsOf{Client: l.Client, Level: l.Level}
	var news *control.Subscription[control.HubLogLine]
	if l.Follow { // before what there is, so that nothing is missed in between
		if news, err = control.Subscribe[control.HubLogLine](conn, control.TopicLogs, of); err != nil {
			return err
		}
		defer news.Close()
	}
	lines, err := control.Call[[]control.HubLogLine](ctx, conn, control.MethodLogs, of)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if err := l.show(line, os.Stdout); err != nil {
			return err
		}
	}
	if news == nil {
		return nil
	}
	return follow(ctx, news, func(line control.HubLogLine) error {
		if len(lines) > 0 && !line.Received.After(lines[len(lines)-1].Received) {
			return nil // it was among those
		}
		return l.show(line, os.Stdout)
	})
}

// follow shows what comes until ctx or the daemon ends.
func follow[T any](ctx context.Context, news *control.Subscription[T], show func(T) error) error {
	for {
		one, gap, err := news.Next(ctx)
		switch {
		case ctx.Err() != nil, errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case gap > 0:
			fmt.Fprintf(os.Stderr, "%d lines are left out: they came faster than they could be shown\n", gap)
		}
		if err := show(one); err != nil {
			return err
		}
	}
}

func (l hubLogsCmd) show(line control.HubLogLine, out io.Writer) error {
	if l.JSON {
		return json.NewEncoder(out).Encode(line)
	}
	at := line.At
	if at.IsZero() {
		at = line.Received
	}
	_, err := fmt.Fprintf(out, "%s %s %-5s %s\n", at.Local().Format(time.DateTime), printable(line.Client), line.Level, printable(line.Text))
	return err
}
