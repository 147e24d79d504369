#include "textflag.h"

// func requantise(out []int8, sums []int32, quant []requant, r *outRange)
TEXT ·requantise(SB), NOSPLIT, $0-80
	MOVD out_base+0(FP), R0
	MOVD sums_base+24(FP), R1
	MOVD quant_base+48(FP), R2
	MOVD quant_len+56(FP), R3
	MOVD r+72(FP), R4
	CBZ  R3, done
	MOVW 0(R4), R5
	MOVW 4(R4), R6
	MOVW 8(R4), R7
	VDUP R5, V16.S4
	VDUP R6, V17.S4
	VDUP R7, V18.S4

channels:
	VLD1.P 16(R1), [V0.S4]
	VLD1.P 64(R2), [V1.S4, V2.S4, V3.S4, V4.S4]
	VADD   V1.S4, V0.S4, V0.S4
	WORD   $0x4ea34400         // sshl v0.4s, v0.4s, v3.4s
	WORD   $0x6ea2b400         // sqrdmulh v0.4s, v0.4s, v2.4s

	// The shift to the right rounds halves up: where there is one, negative values
	// become less before, so that theirs go down.
	VAND   V0.B16, V4.B16, V5.B16
	WORD   $0x4f2104a5         // sshr v5.4s, v5.4s, #31
	WORD   $0x4ea50c00         // sqadd v0.4s, v0.4s, v5.4s
	WORD   $0x4ea45400         // srshl v0.4s, v0.4s, v4.4s
	VADD   V16.S4, V0.S4, V0.S4
	WORD   $0x4eb16400         // smax v0.4s, v0.4s, v17.4s
	WORD   $0x4eb26c00         // smin v0.4s, v0.4s, v18.4s
	WORD   $0x0e612800         // xtn v0.4h, v0.4s
	WORD   $0x0e212800         // xtn v0.8b, v0.8h
	FMOVS  F0, (R0)
	ADD    $4, R0
	SUBS   $1, R3
	BNE    channels

done:
	RET
