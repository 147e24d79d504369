package procfs

import (
	"os"
	"runtime"
	"testing"
	"time"
)

func TestOfThisProcess(t *testing.T) {
	before := Resident(os.Getpid())
	held := make([]byte, 64<<20)
	for i := 0; i < len(held); i += os.Getpagesize() {
		held[i] = 1
	}
	if grown := Resident(os.Getpid()) - before; before == 0 || grown < 48<<20 {
		t.Errorf("64 MB more show as %d bytes", grown)
	}
	runtime.KeepAlive(held)

	used := Processor(os.Getpid())
	for n := 0; Processor(os.Getpid())-used < 3*tick; n++ {
		if n == 10_000_000 {
			t.Fatal("no processor time is used up")
		}
	}
}

func TestOfNobody(t *testing.T) {
	const nobody = 1 << 30 // above the kernel's highest number
	if r, p := Resident(nobody), Processor(nobody); r != 0 || p != time.Duration(0) {
		t.Errorf("%d bytes, %v", r, p)
	}
}
