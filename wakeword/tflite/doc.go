// Package tflite runs the small streaming models of microWakeWord v2: TensorFlow
// Lite flatbuffers (schema version 3) with int8 arithmetic and state kept in
// resource variables. Load checks a file completely and compiles its graph into a
// fixed list of steps over preallocated memory, so that an inference neither
// allocates nor fails. Results equal those of TensorFlow Lite Micro's reference
// kernels bit for bit (double-rounding multipliers).
//
// The inner loops are in assembly on arm64 (NEON) and amd64 (SSE2), and in Go for all
// machines: a function with the suffix Go is what the one without has to equal.
package tflite
