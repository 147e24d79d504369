#include "textflag.h"

// SSE2, which every amd64 has.

// QUARTER is round15 of 8191 times each value x of v: (x + 1 - (x-1)>>13) >> 2.
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

// func pass(work *[half]cpx, twiddles []quad)
TEXT ·pass(SB), NOSPLIT, $0-32
	MOVQ work+0(FP), DI
	MOVQ twiddles_base+8(FP), R8
	MOVQ twiddles_len+16(FP), R10
	LEAQ 1024(DI), R11         // end of the work
	MOVQ R10, CX
	SHLQ $4, CX                // bytes from one of four transforms to the next
	LEAQ (CX)(CX*2), R9

	PCMPEQL X12, X12
	MOVO    X12, X13
	MOVO    X12, X14
	MOVO    X12, X15
	PSRLW   $15, X12           // ones
	PSRLL   $31, X13
	PSLLL   $14, X13           // halves of Q15
	PSRLL   $16, X14           // mask of real parts
	PSLLL   $16, X15           // mask of imaginary parts

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

	MOVO    X0, X6
	PADDW   X2, X6
	PSUBW   X2, X0
	MOVO    X1, X7
	PADDW   X3, X7
	PSUBW   X3, X1
	MOVO    X6, X8
	PADDW   X7, X8
	PSUBW   X7, X6
	PSHUFLW $0xB1, X1, X1      // times -i: real and imaginary parts change places
	PSHUFHW $0xB1, X1, X1
	PXOR    X15, X1            // and the latter its sign
	PSUBW   X15, X1
	MOVO    X0, X9
	PADDW   X1, X9
	PSUBW   X1, X0
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
