//go:build amd64 || arm || arm64 || riscv64 || loong64

package alsa

// elemValuePad: a long long is aligned to 8 bytes, in the ARM EABI too. Go aligns to
// 4 there, hence the explicit padding.
const elemValuePad = 4
