package dtls

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLogger gives what pion says to slog, at debug whatever pion's level: what it
// calls an error is any stranger's garbage. Traces are left out.
type pionLogger struct{ log *slog.Logger }

func (l pionLogger) NewLogger(string) logging.LeveledLogger { return l }

func (l pionLogger) say(msg string) { l.log.Debug("dtls: pion: " + msg) }

func (l pionLogger) sayf(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.say(fmt.Sprintf(format, args...))
	}
}

func (l pionLogger) Trace(string)                      {}
func (l pionLogger) Tracef(string, ...any)             {}
func (l pionLogger) Debug(msg string)                  { l.say(msg) }
func (l pionLogger) Debugf(format string, args ...any) { l.sayf(format, args...) }
func (l pionLogger) Info(msg string)                   { l.say(msg) }
func (l pionLogger) Infof(format string, args ...any)  { l.sayf(format, args...) }
func (l pionLogger) Warn(msg string)                   { l.say(msg) }
func (l pionLogger) Warnf(format string, args ...any)  { l.sayf(format, args...) }
func (l pionLogger) Error(msg string)                  { l.say(msg) }
func (l pionLogger) Errorf(format string, args ...any) { l.sayf(format, args...) }
