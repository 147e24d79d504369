package frontend

// synthetic is n samples of loud and quiet tones in noise, with silence, full scale
// and -32768 among them, made without floating point so that it is the same on
// every machine.
func synthetic(n int) []int16 {
	sound := make([]int16, n)
	seed := uint32(1)
	var phase, pitch uint32
	for i := range sound {
		seed = seed*1664525 + 1013904223
		pitch += 3
		phase += pitch & 0x3fff
		v := int32(int16(seed>>16)) >> (4 + i/4000%8)
		if i/3000%2 == 0 {
			v += int32(int16(phase)) >> (i / 6000 % 6)
		}
		if i/5000%4 == 3 {
			v = 0
		}
		sound[i] = int16(max(-32768, min(32767, v)))
	}
	return sound
}
