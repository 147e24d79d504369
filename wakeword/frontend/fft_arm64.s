#include "textflag.h"

// Instructions that Go's assembler has no names for are words, with their names in Arm's
// notation beside them.

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
