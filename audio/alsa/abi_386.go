package alsa

// elemValuePad: a long long is aligned to 4 bytes in the i386 ABI.
const elemValuePad = 0
