package config

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that files and the environment write as "700ms",
// "10s" or "1m30s".
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration like \"700ms\" or \"10s\"", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String is the duration as time.Duration prints it.
func (d Duration) String() string { return time.Duration(d).String() }
