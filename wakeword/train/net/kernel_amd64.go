package net

import "golang.org/x/sys/cpu"

// hasVectors reports whether the processor has AVX2 and FMA: those of 2013 and later do.
func hasVectors() bool { return cpu.X86.HasAVX2 && cpu.X86.HasFMA }
