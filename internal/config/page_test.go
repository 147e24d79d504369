package config

import (
	"fmt"
	"strings"
)

// page is docs/configuration.md.
func page(hub, satellite []key) string {
	return `# Configuration

Every setting has a default; nothing has to be set. A later one of these overrides
an earlier one:

1. the default;
2. the TOML file: ` + "`--config FILE`" + `, else ` + "`$XDG_CONFIG_HOME/vapd/hub.toml`" + ` (or
   ` + "`satellite.toml`" + `), else ` + "`/etc/vapd/hub.toml`" + `;
3. the environment, by the name that the tables give;
4. the command line: ` + "`--set speech.stt=none`" + `, and the flags that ` + "`--help`" + ` lists.

An unknown key or variable is an error that names the nearest one. A list is written
with commas in the environment and on the command line: ` + "`capture.use=0,1`" + `. Durations
are written ` + "`700ms`, `10s`, `1m30s`" + `.

This page is written from the program: ` + "`go test ./internal/config -update`" + `.

## The hub
` + reference("hub", hub) + `
## The satellite
` + reference("satellite", satellite)
}

// reference is the body of docs/configuration.md: one table a section.
func reference(part string, keys []key) string {
	var b strings.Builder
	for _, s := range sections(keys) {
		if s.table != "" {
			fmt.Fprintf(&b, "\n### `[%s]`\n", s.table)
		}
		b.WriteString("\n| key | default | environment | meaning |\n|---|---|---|---|\n")
		for _, k := range s.keys {
			fmt.Fprintf(&b, "| `%s` | `%s` | `VAPD_%s_%s` | %s |\n", k.leaf(), k.text(), strings.ToUpper(part), k.env(), k.doc)
		}
	}
	return b.String()
}
