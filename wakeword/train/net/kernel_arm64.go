package net

// hasVectors is true: NEON is part of the architecture.
func hasVectors() bool { return true }
