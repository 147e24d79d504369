#include "textflag.h"

// Instructions that Go's assembler has no names for are words, with their names in Arm's
// notation beside them.

// func first(work *[half]cpx, in *[fftSize]int16, shift int)
TEXT ·first(SB), NOSPLIT, $0-24
	MOVD work+0(FP), R0
	MOVD in+8(FP), R1
	MOVD shift+16(FP), R2
	VDUP R2, V30.H8
	MOVD $8191, R2
	VDUP R2, V31.H8
	MOVD $0xffff0000, R2
	VDUP R2, V29.S4      // mask of imaginary parts
	ADD  $256, R1, R3    // the second, third and fourth of four
	ADD  $512, R1, R4
	ADD  $768, R1, R5
	MOVD $256, R9        // bytes between what four butterflies give
	MOVD $16, R6         // rounds

butterflies:
	VLD1.P 16(R1), [V0.H8]
	VLD1.P 16(R3), [V1.H8]
	VLD1.P 16(R4), [V2.H8]
	VLD1.P 16(R5), [V3.H8]
	WORD   $0x4e7e4400 // sshl v0.8h, v0.8h, v30.8h
	WORD   $0x4e7e4421 // sshl v1.8h, v1.8h, v30.8h
	WORD   $0x4e7e4442 // sshl v2.8h, v2.8h, v30.8h
	WORD   $0x4e7e4463 // sshl v3.8h, v3.8h, v30.8h
	WORD   $0x6e7fb400 // sqrdmulh v0.8h, v0.8h, v31.8h
	WORD   $0x6e7fb421 // sqrdmulh v1.8h, v1.8h, v31.8h
	WORD   $0x6e7fb442 // sqrdmulh v2.8h, v2.8h, v31.8h
	WORD   $0x6e7fb463 // sqrdmulh v3.8h, v3.8h, v31.8h
	VADD   V2.H8, V0.H8, V4.H8
	VSUB   V2.H8, V0.H8, V5.H8
	VADD   V3.H8, V1.H8, V6.H8
	VSUB   V3.H8, V1.H8, V7.H8
	VREV32 V7.H8, V7.H8          // times -i: real and imaginary parts change places
	VEOR   V29.B16, V7.B16, V7.B16 // and the latter its sign
	VSUB   V29.H8, V7.H8, V7.H8
	VADD   V6.H8, V4.H8, V0.H8
	VADD   V7.H8, V5.H8, V1.H8
	VSUB   V6.H8, V4.H8, V2.H8
	VSUB   V7.H8, V5.H8, V3.H8
	MOVD   R0, R8
	WORD   $0x0da9a100 // st4 {v0.s, v1.s, v2.s, v3.s}[0], [x8], x9
	WORD   $0x0da9b100 // st4 {v0.s, v1.s, v2.s, v3.s}[1], [x8], x9
	WORD   $0x4da9a100 // st4 {v0.s, v1.s, v2.s, v3.s}[2], [x8], x9
	WORD   $0x4da9b100 // st4 {v0.s, v1.s, v2.s, v3.s}[3], [x8], x9

	// The next place, by its digits: 64 bytes on, or after four of them 16 from the first.
	ADD  $64, R0
	SUBS $1, R6
	AND  $3, R6, R7
	CBNZ R7, butterflies
	SUB  $240, R0
	CBNZ R6, butterflies
	RET

// func pass(work *[half]cpx, twiddles []quad)
TEXT ·pass(SB), NOSPLIT, $0-32
	MOVD work+0(FP), R0
	MOVD twiddles_base+8(FP), R1
	MOVD twiddles_len+16(FP), R2
	ADD  $16, R1              // to the vectors of i and r
	ADD  $1024, R0, R8        // end of the work
	LSL  $4, R2, R3           // bytes from one of four transforms to the next
	MOVD $32, R10             // bytes from one vector to the next
	MOVD $8191, R9
	VDUP R9, V31.H4

group:
	MOVD R0, R4
	ADD  R3, R4, R5
	ADD  R3, R5, R6
	ADD  R3, R6, R7
	MOVD R1, R11
	MOVD R2, R12

butterflies:
	VLD2   (R4), [V0.H4, V1.H4]
	VLD2   (R5), [V2.H4, V3.H4]
	VLD2   (R6), [V4.H4, V5.H4]
	VLD2   (R7), [V6.H4, V7.H4]
	VLD2.P (R11)(R10), [V16.H4, V17.H4]
	VLD2.P (R11)(R10), [V18.H4, V19.H4]
	VLD2.P (R11)(R10), [V20.H4, V21.H4]

	// Quarters, rounded.
	WORD   $0x2e7fb400 // sqrdmulh v0.4h, v0.4h, v31.4h
	WORD   $0x2e7fb421 // sqrdmulh v1.4h, v1.4h, v31.4h
	WORD   $0x2e7fb442 // sqrdmulh v2.4h, v2.4h, v31.4h
	WORD   $0x2e7fb463 // sqrdmulh v3.4h, v3.4h, v31.4h
	WORD   $0x2e7fb484 // sqrdmulh v4.4h, v4.4h, v31.4h
	WORD   $0x2e7fb4a5 // sqrdmulh v5.4h, v5.4h, v31.4h
	WORD   $0x2e7fb4c6 // sqrdmulh v6.4h, v6.4h, v31.4h
	WORD   $0x2e7fb4e7 // sqrdmulh v7.4h, v7.4h, v31.4h

	// The second, third and fourth, turned by their twiddles.
	WORD   $0x0e71c056 // smull v22.4s, v2.4h, v17.4h
	WORD   $0x0e70c057 // smull v23.4s, v2.4h, v16.4h
	WORD   $0x0e73c098 // smull v24.4s, v4.4h, v19.4h
	WORD   $0x0e72c099 // smull v25.4s, v4.4h, v18.4h
	WORD   $0x0e75c0da // smull v26.4s, v6.4h, v21.4h
	WORD   $0x0e74c0db // smull v27.4s, v6.4h, v20.4h
	WORD   $0x0e70a076 // smlsl v22.4s, v3.4h, v16.4h
	WORD   $0x0e718077 // smlal v23.4s, v3.4h, v17.4h
	WORD   $0x0e72a0b8 // smlsl v24.4s, v5.4h, v18.4h
	WORD   $0x0e7380b9 // smlal v25.4s, v5.4h, v19.4h
	WORD   $0x0e74a0fa // smlsl v26.4s, v7.4h, v20.4h
	WORD   $0x0e7580fb // smlal v27.4s, v7.4h, v21.4h
	WORD   $0x0f118ec2 // rshrn v2.4h, v22.4s, #15
	WORD   $0x0f118ee3 // rshrn v3.4h, v23.4s, #15
	WORD   $0x0f118f04 // rshrn v4.4h, v24.4s, #15
	WORD   $0x0f118f25 // rshrn v5.4h, v25.4s, #15
	WORD   $0x0f118f46 // rshrn v6.4h, v26.4s, #15
	WORD   $0x0f118f67 // rshrn v7.4h, v27.4s, #15

	VADD   V4.H4, V0.H4, V8.H4
	VADD   V5.H4, V1.H4, V9.H4
	VSUB   V4.H4, V0.H4, V10.H4
	VSUB   V5.H4, V1.H4, V11.H4
	VADD   V6.H4, V2.H4, V12.H4
	VADD   V7.H4, V3.H4, V13.H4
	VSUB   V6.H4, V2.H4, V14.H4
	VSUB   V7.H4, V3.H4, V15.H4
	VADD   V12.H4, V8.H4, V0.H4
	VADD   V13.H4, V9.H4, V1.H4
	VSUB   V12.H4, V8.H4, V4.H4
	VSUB   V13.H4, V9.H4, V5.H4
	VADD   V15.H4, V10.H4, V2.H4
	VSUB   V14.H4, V11.H4, V3.H4
	VSUB   V15.H4, V10.H4, V6.H4
	VADD   V14.H4, V11.H4, V7.H4
	VST2.P [V0.H4, V1.H4], 16(R4)
	VST2.P [V2.H4, V3.H4], 16(R5)
	VST2.P [V4.H4, V5.H4], 16(R6)
	VST2.P [V6.H4, V7.H4], 16(R7)
	SUBS   $1, R12
	BNE    butterflies

	ADD R3<<2, R0
	CMP R8, R0
	BLO group
	RET

// func split(out *[half + 1]cpx, work *[half]cpx, super *[half / 2 / 4]turns)
TEXT ·split(SB), NOSPLIT, $0-24
	MOVD out+0(FP), R2
	MOVD work+8(FP), R0
	MOVD super+16(FP), R4
	ADD  $1008, R0, R1 // the last four
	ADD  $1008, R2, R3
	ADD  $4, R0        // those from the second on
	ADD  $4, R2
	ADD  $16, R4       // to the vectors of i and r
	MOVD $32, R10      // bytes from one vector to the next
	MOVD $32, R6       // rounds
	MOVD $16383, R5
	VDUP R5, V31.H4

values:
	VLD2.P 16(R0), [V0.H4, V1.H4]
	VLD2   (R1), [V2.H4, V3.H4]
	VLD2.P (R4)(R10), [V16.H4, V17.H4]
	SUB    $16, R1
	VREV64 V2.H4, V2.H4
	VREV64 V3.H4, V3.H4
	WORD   $0x2e60b863 // neg v3.4h, v3.4h
	WORD   $0x2e7fb400 // sqrdmulh v0.4h, v0.4h, v31.4h
	WORD   $0x2e7fb421 // sqrdmulh v1.4h, v1.4h, v31.4h
	WORD   $0x2e7fb442 // sqrdmulh v2.4h, v2.4h, v31.4h
	WORD   $0x2e7fb463 // sqrdmulh v3.4h, v3.4h, v31.4h
	VADD   V2.H4, V0.H4, V4.H4
	VADD   V3.H4, V1.H4, V5.H4
	VSUB   V2.H4, V0.H4, V6.H4
	VSUB   V3.H4, V1.H4, V7.H4
	WORD   $0x0e71c0d6 // smull v22.4s, v6.4h, v17.4h
	WORD   $0x0e70c0d7 // smull v23.4s, v6.4h, v16.4h
	WORD   $0x0e70a0f6 // smlsl v22.4s, v7.4h, v16.4h
	WORD   $0x0e7180f7 // smlal v23.4s, v7.4h, v17.4h
	WORD   $0x0f118ed2 // rshrn v18.4h, v22.4s, #15
	WORD   $0x0f118ef3 // rshrn v19.4h, v23.4s, #15
	WORD   $0x0e720494 // shadd v20.4h, v4.4h, v18.4h
	WORD   $0x0e7304b5 // shadd v21.4h, v5.4h, v19.4h
	WORD   $0x0e722498 // shsub v24.4h, v4.4h, v18.4h
	WORD   $0x0e652679 // shsub v25.4h, v19.4h, v5.4h
	VREV64 V24.H4, V24.H4
	VREV64 V25.H4, V25.H4
	VST2.P [V20.H4, V21.H4], 16(R2)
	VST2   [V24.H4, V25.H4], (R3)
	SUB    $16, R3
	SUBS   $1, R6
	BNE    values
	RET
