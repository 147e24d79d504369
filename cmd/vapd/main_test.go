package main

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("VAPD_TEST_AS_PROGRAM") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}
