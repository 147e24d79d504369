//go:build !linux

package network

import (
	"context"
	"errors"
)

// listen fails: only Linux' netlink is known.
func listen(context.Context, *events) error {
	return errors.New("network: there is netlink on Linux only")
}
