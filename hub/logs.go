package hub

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"vapd/hub/logs"
	"vapd/protocol/control"
)

// maxLogLines bounds an answer, so that it fits into a line of the control socket.
const maxLogLines = 5000

// controlLogs are the methods for the satellites' logs.
func (h *Hub) controlLogs(m *control.Mux) {
	control.Handle(m, control.MethodLogs, func(_ context.Context, of control.LogsOf) ([]control.HubLogLine, error) {
		level, err := logLevel(of.Level)
		if err != nil {
			return nil, err
		}
		all := h.logs.List(of.Client, level)
		all = all[max(0, len(all)-maxLogLines):]
		lines := make([]control.HubLogLine, len(all))
		for i, l := range all {
			lines[i] = shownLine(l)
		}
		return lines, nil
	})
	control.HandleStream(m, control.TopicLogs, func(ctx context.Context, of control.LogsOf, send func(control.HubLogLine)) error {
		level, err := logLevel(of.Level)
		if err != nil {
			return err
		}
		defer h.logs.Watch(func(l logs.Line) {
			if l.Level >= level && slices.Contains([]string{"", l.Client}, of.Client) {
				send(shownLine(l))
			}
		})()
		<-ctx.Done()
		return nil
	})
}

func logLevel(text string) (level slog.Level, err error) {
	if text == "" {
		return slog.LevelInfo, nil
	}
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("hub: level %q: want DEBUG, INFO, WARN or ERROR", text)
	}
	return level, nil
}

func shownLine(l logs.Line) control.HubLogLine {
	return control.HubLogLine{Received: l.Received, At: l.At, Client: l.Client, Level: l.Level.String(), Text: l.Text}
}
