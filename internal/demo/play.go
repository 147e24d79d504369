package demo

import (
	"context"
	"time"
)

// Result is what became of a step.
type Result struct {
	State  StepState
	Detail string // what happened, or why that is wrong
	Took   time.Duration
}

// StepState is how far a step is.
type StepState int

// Steps wait, run, and have passed or failed.
const (
	Waiting StepState = iota
	Running
	Passed
	Failed
)

// play plays the steps in their order and tells of each when it begins and when it
// ends. A step that fails ends nothing but itself. It returns how many failed, those
// included that were not begun when ctx ended.
func (s *stage) play(ctx context.Context, steps []Step, tell func(i int, r Result)) (failed int) {
	for i, step := range steps {
		if ctx.Err() != nil {
			tell(i, Result{State: Failed, Detail: "not begun: " + context.Cause(ctx).Error()})
			failed++
			continue
		}
		tell(i, Result{State: Running})
		begin := time.Now()
		detail, err := step.play(ctx, s)
		r := Result{State: Passed, Detail: detail, Took: time.Since(begin)}
		if err != nil {
			failed++
			r.State, r.Detail = Failed, err.Error()
		}
		tell(i, r)
	}
	return failed
}
