#include "textflag.h"

// SSE2, which every amd64 has.

// WIDEN takes the 16 int8 of lo to 16 bits: the first eight to lo, the others to hi.
#define WIDEN(lo, hi) \
	MOVO lo, hi; \
	PUNPCKLBW lo, lo; \
	PUNPCKHBW hi, hi; \
	PSRAW $8, lo; \
	PSRAW $8, hi

// CHANNEL adds the products of X0 and X1 with the block of weights at at to sum.
#define CHANNEL(at, sum) \
	MOVOU at(DX), X2; \
	WIDEN(X2, X3); \
	PMADDWL X0, X2; \
	PMADDWL X1, X3; \
	PADDL X2, sum; \
	PADDL X3, sum

// func denseSums(sums []int32, x, weights []int8)
TEXT ·denseSums(SB), NOSPLIT, $0-72
	MOVQ sums_base+0(FP), DI
	MOVQ sums_len+8(FP), R8
	MOVQ x_base+24(FP), SI
	MOVQ x_len+32(FP), CX
	MOVQ weights_base+48(FP), DX
	SHRQ $2, R8
	JZ   done
	SHRQ $4, CX
	JZ   done

channels:
	PXOR X8, X8
	PXOR X9, X9
	PXOR X10, X10
	PXOR X11, X11
	MOVQ SI, R9
	MOVQ CX, R10

block:
	MOVOU (R9), X0
	WIDEN(X0, X1)
	CHANNEL(0, X8)
	CHANNEL(16, X9)
	CHANNEL(32, X10)
	CHANNEL(48, X11)
	ADDQ  $16, R9
	ADDQ  $64, DX
	DECQ  R10
	JNZ   block

	// Four sums of four parts to one of each.
	MOVO       X8, X0
	PUNPCKLLQ  X9, X0
	PUNPCKHLQ  X9, X8
	PADDL      X8, X0
	MOVO       X10, X1
	PUNPCKLLQ  X11, X1
	PUNPCKHLQ  X11, X10
	PADDL      X10, X1
	MOVO       X0, X2
	PUNPCKLQDQ X1, X0
	PUNPCKHQDQ X1, X2
	PADDL      X2, X0
	MOVOU      X0, (DI)
	ADDQ       $16, DI
	DECQ       R8
	JNZ        channels

done:
	RET

// ADD32 adds the eight 16-bit products in p to the 32-bit sums in lo and hi.
#define ADD32(p, lo, hi) \
	MOVO p, X4; \
	PUNPCKLWL p, p; \
	PUNPCKHWL X4, X4; \
	PSRAL $16, p; \
	PSRAL $16, X4; \
	PADDL p, lo; \
	PADDL X4, hi

// func depthwiseSums(sums []int32, x []int8, stride int, weights []int8)
TEXT ·depthwiseSums(SB), NOSPLIT, $0-80
	MOVQ sums_base+0(FP), DI
	MOVQ sums_len+8(FP), R8
	MOVQ x_base+24(FP), SI
	MOVQ stride+48(FP), BX
	MOVQ weights_base+56(FP), R11
	MOVQ weights_len+64(FP), AX
	TESTQ R8, R8
	JZ    done
	XORL  DX, DX
	DIVQ  R8
	MOVQ  AX, CX // rows
	TESTQ CX, CX
	JZ    done
	SHRQ  $4, R8

channels:
	PXOR X8, X8
	PXOR X9, X9
	PXOR X10, X10
	PXOR X11, X11
	MOVQ SI, R9
	MOVQ CX, R10

row:
	MOVOU  (R9), X0
	WIDEN(X0, X1)
	MOVOU  (R11), X2
	WIDEN(X2, X3)
	PMULLW X2, X0
	PMULLW X3, X1
	ADD32(X0, X8, X9)
	ADD32(X1, X10, X11)
	ADDQ   BX, R9
	ADDQ   $16, R11
	DECQ   R10
	JNZ    row

	MOVOU X8, (DI)
	MOVOU X9, 16(DI)
	MOVOU X10, 32(DI)
	MOVOU X11, 48(DI)
	ADDQ  $64, DI
	ADDQ  $16, SI
	DECQ  R8
	JNZ   channels

done:
	RET
