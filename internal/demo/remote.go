package demo

import (
	"context"
	"fmt"
	"os/exec"

	"vapd/protocol/control"
)

// call calls one method of a daemon.
func call[R any](ctx context.Context, path, method string, params any) (result R, err error) {
	c, err := control.Dial(ctx, path)
	if err != nil {
		return result, err
	}
	defer c.Close()
	return control.Call[R](ctx, c, method, params)
}

// subscribe tells of the events of a topic until ctx or the daemon ends.
func subscribe[E any](ctx context.Context, path, topic string, tell func(E)) error {
	c, err := control.Dial(ctx, path)
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := control.Subscribe[E](c, topic, struct{}{})
	if err != nil {
		return err
	}
	defer s.Close()
	for {
		e, _, err := s.Next(ctx)
		if err != nil {
			return err
		}
		tell(e)
	}
}

// run runs a command of vapd to its end.
func run(program string, args ...string) error {
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("demo: vapd %v: %w\n%s", args, err, out)
	}
	return nil
}
