//go:build !vapd_satellite

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"vapd/hub/audit"
	"vapd/internal/config"
	"vapd/protocol/control"
)

// keptFolder is the folder of the hub that runs, or of the one that would.
func (f hubFolder) keptFolder(c *hubCmd) (string, error) {
	if f.State == "" {
		dir, err := callHub[string](c, control.MethodFolder, struct{}{})
		// A folder for sockets that there is none of says that no hub runs, too.
		var setting *config.Error
		if err == nil || !errors.Is(err, control.ErrNotRunning) && !errors.As(err, &setting) {
			return dir, err
		}
	}
	return f.path()
}

// hubAuditCmd is "vapd hub audit".
type hubAuditCmd struct {
	JSON      bool   `help:"As it is in the file: one entry a line, in JSON."`
	Since     string `placeholder:"TIME" help:"Only what is newer: 90m, 24h, 7d, 2026-11-25 or '2026-11-25 18:00'."`
	Verify    bool   `help:"Only check that nothing was changed or taken out, and show the hash of the last entry."`
	hubFolder `embed:""`
}

// Run shows the audit log. The hub need not run.
func (a hubAuditCmd) Run(c *hubCmd) error {
	since, err := parseSince(a.Since, time.Now())
	if err != nil {
		return err
	}
	dir, err := a.keptFolder(c)
	if err != nil {
		return err
	}
	return a.show(dir, since, os.Stdout)
}

func (a hubAuditCmd) show(dir string, since time.Time, out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	lines := json.NewEncoder(t)
	var failed error
	r, err := audit.Read(dir, func(e audit.Entry) {
		if a.Verify || e.Time.Before(since) || failed != nil {
			return
		}
		if a.JSON {
			failed = lines.Encode(e)
			return
		}
		_, failed = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", e.Time.Local().Format(time.DateTime), printable(e.Actor), e.Action, printable(auditInWords(e)))
	})
	if err = errors.Join(err, failed, t.Flush()); err != nil {
		return err
	}
	if r.Torn {
		fmt.Fprintln(os.Stderr, "The last entry is not whole: a crash cut it off, or it is being written now.")
	}
	if r.Broken != "" {
		return fmt.Errorf("the audit log in %s can't be trusted: %s", dir, r.Broken)
	}
	if a.Verify {
		fmt.Fprintf(out, "%d entries, each with the right hash of the one before. Hash of the last one:\n%s\n", r.Entries, r.Hash)
	}
	return nil
}

// auditOffline adds an entry for what the owner did while the hub did not run.
func auditOffline(dir, action, object string) error {
	l := audit.New(dir, time.Now, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	err := l.Add(audit.Entry{Actor: "owner", Action: action, Object: object, Result: "ok", Detail: "while no hub ran"})
	return errors.Join(err, l.Close())
}

// auditInWords is what an entry says besides its time, actor and action.
func auditInWords(e audit.Entry) string {
	words := []string{e.Object}
	if "client "+e.Object == e.Actor {
		words[0] = ""
	}
	if e.From != "" {
		words = append(words, "from "+e.From)
	}
	words = append(words, e.Result)
	if e.Detail != "" {
		words = append(words, "("+e.Detail+")")
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// parseSince is the time that s names, seen from now; the zero time for "".
func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := parseSpan(s); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, time.RFC3339} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 90m, 24h, 7d, 2026-11-25 or '2026-11-25 18:00'", s)
}

// parseSpan is time.ParseDuration with days: 7d.
func parseSpan(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	days, ok := strings.CutSuffix(s, "d")
	if !ok {
		return time.ParseDuration(s)
	}
	hours, err := time.ParseDuration(days + "h")
	if err != nil || hours > 10_000*time.Hour || hours < 0 {
		return 0, fmt.Errorf("%q is no number of days", s)
	}
	return hours * time.Duration(day/time.Hour), nil
}
