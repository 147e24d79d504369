// Package wav reads and writes RIFF WAVE files as 16-bit samples.
//
// It reads what microphones, editors and speech engines write: PCM of 8, 16, 24 and
// 32 bits and 32-bit float, plain or WAVE_FORMAT_EXTENSIBLE, and converts it to
// int16. It writes 16-bit PCM. Memory follows the bytes that are there, never the
// sizes that a header claims.
//
// Sources: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF,
// 1991) and Microsoft's "Multiple Channel Audio Data and WAVE Files" (2007).
package wav
