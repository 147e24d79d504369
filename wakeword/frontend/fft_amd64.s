#include "textflag.h"

// SSE2, which every amd64 has.

// CONSTANTS are ones of 16 bits, halves of Q15 in 32 bits, and the masks of real and of
// imaginary parts.
#define CONSTANTS \
	PCMPEQL X12, X12; \
	MOVO X12, X13; \
	MOVO X12, X14; \
	MOVO X12, X15; \
	PSRLW $15, X12; \
	PSRLL $31, X13; \
	PSLLL $14, X13; \
	PSRLL $16, X14; \
	PSLLL $16, X15

// QUARTER is round15 of 8191 times each value x of v: (x + 1 - (x-1)>>13) >> 2. Where x-1
// saturates that comes to the same.
#define QUARTER(v) \
	MOVO v, X4; \
	PSUBSW X12, X4; \
	PSRAW $13, X4; \
	PSUBW X4, v; \
	PADDW X12, v; \
	PSRAW $2, v

// TURN multiplies v by the twiddles at at.
#define TURN(v, at) \
	MOVOU at(DX), X4; \
	MOVOU at+16(DX), X5; \
	PMADDWL v, X4; \
	PMADDWL v, X5; \
	PADDL X13, X4; \
	PADDL X13, X5; \
	PSRLL $15, X4; \
	PSLLL $1, X5; \
	PAND X14, X4; \
	PAND X15, X5; \
	POR X5, X4; \
	MOVO X4, v

// CONJUGATE changes the sign of imaginary parts.
#define CONJUGATE(v) \
	PXOR X15, v; \
	PSUBW X15, v

// BUTTERFLY takes X0 to X3 to X8, X9, X6 and X0. What is turned by -i has its real and
// imaginary parts exchanged, and then the sign of the latter.
#define BUTTERFLY \
	MOVO X0, X6; \
	PADDW X2, X6; \
	PSUBW X2, X0; \
	MOVO X1, X7; \
	PADDW X3, X7; \
	PSUBW X3, X1; \
	MOVO X6, X8; \
	PADDW X7, X8; \
	PSUBW X7, X6; \
	PSHUFLW $0xB1, X1, X1; \
	PSHUFHW $0xB1, X1, X1; \
	CONJUGATE(X1); \
	MOVO X0, X9; \
	PADDW X1, X9; \
	PSUBW X1, X0

// func first(work *[half]cpx, in *[fftSize]int16, shift int)
TEXT ·first(SB), NOSPLIT, $0-24
	MOVQ work+0(FP), DI
	MOVQ in+8(FP), SI
	MOVQ shift+16(FP), X10
	CONSTANTS
	MOVL $16, CX // rounds

butterflies:
	MOVOU (SI), X0
	MOVOU 256(SI), X1
	MOVOU 512(SI), X2
	MOVOU 768(SI), X3
	PSLLW X10, X0
	PSLLW X10, X1
	PSLLW X10, X2
	PSLLW X10, X3
	QUARTER(X0)
	QUARTER(X1)
	QUARTER(X2)
	QUARTER(X3)
	BUTTERFLY

	// The four values of each butterfly together.
	MOVO       X8, X1
	PUNPCKLLQ  X9, X8
	PUNPCKHLQ  X9, X1
	MOVO       X6, X2
	PUNPCKLLQ  X0, X6
	PUNPCKHLQ  X0, X2
	MOVO       X8, X3
	PUNPCKLQDQ X6, X8
	PUNPCKHQDQ X6, X3
	MOVO       X1, X4
	PUNPCKLQDQ X2, X1
	PUNPCKHQDQ X2, X4
	MOVOU      X8, (DI)
	MOVOU      X3, 256(DI)
	MOVOU      X1, 512(DI)
	MOVOU      X4, 768(DI)

	// The next place, by its digits: 64 bytes on, or after four of them 16 from the first.
	ADDQ  $16, SI
	ADDQ  $64, DI
	DECL  CX
	TESTL $3, CX
	JNZ   butterflies
	SUBQ  $240, DI
	TESTL CX, CX
	JNZ   butterflies
	RET

// func pass(work *[half]cpx, twiddles []quad)
TEXT ·pass(SB), NOSPLIT, $0-32
	MOVQ work+0(FP), DI
	MOVQ twiddles_base+8(FP), R8
	MOVQ twiddles_len+16(FP), R10
	LEAQ 1024(DI), R11         // end of the work
	MOVQ R10, CX
	SHLQ $4, CX                // bytes from one of four transforms to the next
	LEAQ (CX)(CX*2), R9

	CONSTANTS

group:
	MOVQ DI, SI
	MOVQ R8, DX
	MOVQ R10, BX

butterflies:
	MOVOU (SI), X0
	MOVOU (SI)(CX*1), X1
	MOVOU (SI)(CX*2), X2
	MOVOU (SI)(R9*1), X3
	QUARTER(X0)
	QUARTER(X1)
	QUARTER(X2)
	QUARTER(X3)
	TURN(X1, 0)
	TURN(X2, 32)
	TURN(X3, 64)

	BUTTERFLY
	MOVOU   X8, (SI)
	MOVOU   X9, (SI)(CX*1)
	MOVOU   X6, (SI)(CX*2)
	MOVOU   X0, (SI)(R9*1)
	ADDQ    $16, SI
	ADDQ    $96, DX
	DECQ    BX
	JNZ     butterflies

	LEAQ (DI)(CX*4), DI
	CMPQ DI, R11
	JCS  group
	RET

// HALVE is round15 of 16383 times each value x of v: (x - (x-1)>>14) >> 1, as above.
#define HALVE(v) \
	MOVO v, X4; \
	PSUBSW X12, X4; \
	PSRAW $14, X4; \
	PSUBW X4, v; \
	PSRAW $1, v

// func split(out *[half + 1]cpx, work *[half]cpx, super *[half / 2 / 4]turns)
TEXT ·split(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ work+8(FP), SI
	MOVQ super+16(FP), DX
	LEAQ 1008(DI), R8 // the last four
	LEAQ 1008(SI), R9
	ADDQ $4, DI       // those from the second on
	ADDQ $4, SI
	CONSTANTS
	MOVL $32, CX      // rounds

values:
	MOVOU  (SI), X0
	MOVOU  (R9), X1
	PSHUFD $0x1B, X1, X1
	CONJUGATE(X1)
	HALVE(X0)
	HALVE(X1)
	MOVO   X0, X2
	PADDW  X1, X2
	PSUBW  X1, X0
	TURN(X0, 0)

	// (a+b)>>1 is a&b + (a^b)>>1, and (a-b)>>1 is (a^b)>>1 - ^a&b.
	MOVO   X2, X6
	PXOR   X0, X6
	PSRAW  $1, X6
	MOVO   X2, X7
	PAND   X0, X7
	PADDW  X6, X7
	MOVOU  X7, (DI)
	MOVO   X2, X8
	PANDN  X0, X8 // real parts of the sum less those that were turned
	PANDN  X2, X0 // imaginary parts the other way round
	PAND   X14, X8
	PAND   X15, X0
	POR    X8, X0
	PSUBW  X0, X6
	PSHUFD $0x1B, X6, X6
	MOVOU  X6, (R8)
	ADDQ   $16, SI
	ADDQ   $16, DI
	SUBQ   $16, R8
	SUBQ   $16, R9
	ADDQ   $32, DX
	DECL   CX
	JNZ    values
	RET
