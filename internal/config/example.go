package config

import (
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// ExampleHub is a TOML file with every setting of the hub, its description and its
// default, commented out.
func ExampleHub() string {
	cfg := DefaultHub()
	return example("hub", keysOf(&cfg))
}

// ExampleSatellite is the same for the satellite.
func ExampleSatellite() string {
	cfg := DefaultSatellite()
	return example("satellite", keysOf(&cfg))
}

func example(part string, keys []key) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Settings of vapd %s. Every line shows a default: remove the # to change it.\n", part)
	fmt.Fprintf(&b, "# Environment variables (VAPD_%s_...) and --set KEY=VALUE override this file.\n", strings.ToUpper(part))
	for _, section := range sections(keys) {
		if section.table != "" {
			fmt.Fprintf(&b, "\n[%s]\n", section.table)
		}
		for _, k := range section.keys {
			fmt.Fprintf(&b, "\n%s#%s = %s\n", wrap("# ", k.doc, 100), k.leaf(), k.text())
		}
	}
	return b.String()
}

// section is one table of the file, with the keys in it.
type section struct {
	table string
	keys  []key
}

// sections groups the keys by table, those outside of any table first, as TOML
// wants them.
func sections(keys []key) []section {
	all := []section{{}}
next:
	for _, k := range keys {
		for i := range all {
			if all[i].table == k.table() {
				all[i].keys = append(all[i].keys, k)
				continue next
			}
		}
		all = append(all, section{k.table(), []key{k}})
	}
	return all
}

// text is the value as TOML.
func (k key) text() string {
	out, err := toml.Marshal(map[string]any{"value": k.value.Interface()})
	if err != nil {
		panic("config: " + k.name + " can't be written as TOML: " + err.Error()) // a mistake in the struct
	}
	text := strings.TrimSpace(strings.TrimPrefix(string(out), "value = "))
	return strings.ReplaceAll(text, "'", `"`)
}

// wrap breaks text into lines of at most width bytes that begin with prefix.
func wrap(prefix, text string, width int) string {
	var b strings.Builder
	line := prefix
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > width && line != prefix {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = prefix
		}
		line += word + " "
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
	return b.String()
}
