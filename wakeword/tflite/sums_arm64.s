#include "textflag.h"

// Instructions that Go's assembler has no names for are words, with their names in Arm's
// notation beside them. Products of two int8 fit into 16 bits; two of them are added
// into 32 bits at once. SDOT would do four, but a Cortex-A53 has none.

// func denseSums(sums []int32, x, weights []int8)
TEXT ·denseSums(SB), NOSPLIT, $0-72
	MOVD sums_base+0(FP), R0
	MOVD sums_len+8(FP), R1
	MOVD x_base+24(FP), R2
	MOVD x_len+32(FP), R3
	MOVD weights_base+48(FP), R4
	LSR  $2, R1
	LSR  $4, R3
	CBZ  R1, done
	CBZ  R3, done

channels:
	VEOR V16.B16, V16.B16, V16.B16
	VEOR V17.B16, V17.B16, V17.B16
	VEOR V18.B16, V18.B16, V18.B16
	VEOR V19.B16, V19.B16, V19.B16
	MOVD R2, R5
	MOVD R3, R6

block:
	VLD1.P 16(R5), [V0.B16]
	VLD1.P 64(R4), [V1.B16, V2.B16, V3.B16, V4.B16]
	WORD   $0x0e21c014 // smull v20.8h, v0.8b, v1.8b
	WORD   $0x0e22c015 // smull v21.8h, v0.8b, v2.8b
	WORD   $0x0e23c016 // smull v22.8h, v0.8b, v3.8b
	WORD   $0x0e24c017 // smull v23.8h, v0.8b, v4.8b
	WORD   $0x4e21c018 // smull2 v24.8h, v0.16b, v1.16b
	WORD   $0x4e22c019 // smull2 v25.8h, v0.16b, v2.16b
	WORD   $0x4e23c01a // smull2 v26.8h, v0.16b, v3.16b
	WORD   $0x4e24c01b // smull2 v27.8h, v0.16b, v4.16b
	WORD   $0x4e606a90 // sadalp v16.4s, v20.8h
	WORD   $0x4e606ab1 // sadalp v17.4s, v21.8h
	WORD   $0x4e606ad2 // sadalp v18.4s, v22.8h
	WORD   $0x4e606af3 // sadalp v19.4s, v23.8h
	WORD   $0x4e606b10 // sadalp v16.4s, v24.8h
	WORD   $0x4e606b31 // sadalp v17.4s, v25.8h
	WORD   $0x4e606b52 // sadalp v18.4s, v26.8h
	WORD   $0x4e606b73 // sadalp v19.4s, v27.8h
	SUBS   $1, R6
	BNE    block

	// Four sums of four parts to one of each.
	VADDP  V17.S4, V16.S4, V16.S4
	VADDP  V19.S4, V18.S4, V18.S4
	VADDP  V18.S4, V16.S4, V16.S4
	VST1.P [V16.S4], 16(R0)
	SUBS   $1, R1
	BNE    channels

done:
	RET

// func depthwiseSums(sums []int32, x []int8, stride int, weights []int8)
TEXT ·depthwiseSums(SB), NOSPLIT, $0-80
	MOVD sums_base+0(FP), R0
	MOVD sums_len+8(FP), R1
	MOVD x_base+24(FP), R2
	MOVD stride+48(FP), R3
	MOVD weights_base+56(FP), R4
	MOVD weights_len+64(FP), R5
	CBZ  R1, done
	UDIV R1, R5      // rows
	LSR  $4, R1
	CBZ  R5, done

channels:
	VEOR V16.B16, V16.B16, V16.B16
	VEOR V17.B16, V17.B16, V17.B16
	VEOR V18.B16, V18.B16, V18.B16
	VEOR V19.B16, V19.B16, V19.B16
	MOVD R2, R6
	MOVD R5, R7

row:
	VLD1.P (R6)(R3), [V0.B16]
	VLD1.P 16(R4), [V1.B16]
	WORD   $0x0e21c002 // smull v2.8h, v0.8b, v1.8b
	WORD   $0x4e21c003 // smull2 v3.8h, v0.16b, v1.16b
	WORD   $0x0e621210 // saddw v16.4s, v16.4s, v2.4h
	WORD   $0x4e621231 // saddw2 v17.4s, v17.4s, v2.8h
	WORD   $0x0e631252 // saddw v18.4s, v18.4s, v3.4h
	WORD   $0x4e631273 // saddw2 v19.4s, v19.4s, v3.8h
	SUBS   $1, R7
	BNE    row

	VST1.P [V16.S4, V17.S4, V18.S4, V19.S4], 64(R0)
	ADD    $16, R2
	SUBS   $1, R1
	BNE    channels

done:
	RET
