package tflite

import "fmt"

// opcode is an operator, by its number in the schema.
type opcode int

const (
	opConcatenation   opcode = 2
	opConv2D          opcode = 3
	opDepthwiseConv2D opcode = 4
	opDequantize      opcode = 6
	opFullyConnected  opcode = 9
	opLogistic        opcode = 14
	opReshape         opcode = 22
	opStridedSlice    opcode = 45
	opSplitV          opcode = 102
	opQuantize        opcode = 114
	opCallOnce        opcode = 129
	opVarHandle       opcode = 142
	opReadVariable    opcode = 143
	opAssignVariable  opcode = 144
)

// opNames has the operators that are refused too, where wake word trainers are
// known to be able to write them.
var opNames = map[opcode]string{
	opConcatenation: "CONCATENATION", opConv2D: "CONV_2D", opDepthwiseConv2D: "DEPTHWISE_CONV_2D",
	opDequantize: "DEQUANTIZE", opFullyConnected: "FULLY_CONNECTED", opLogistic: "LOGISTIC",
	opReshape: "RESHAPE", opStridedSlice: "STRIDED_SLICE", opSplitV: "SPLIT_V", opQuantize: "QUANTIZE",
	opCallOnce: "CALL_ONCE", opVarHandle: "VAR_HANDLE", opReadVariable: "READ_VARIABLE",
	opAssignVariable: "ASSIGN_VARIABLE",

	0: "ADD", 1: "AVERAGE_POOL_2D", 17: "MAX_POOL_2D", 18: "MUL", 19: "RELU", 25: "SOFTMAX", 27: "SVDF",
	28: "TANH", 32: "CUSTOM", 34: "PAD", 39: "TRANSPOSE", 40: "MEAN", 41: "SUB", 43: "SQUEEZE", 49: "SPLIT",
	65: "SLICE", 70: "EXPAND_DIMS", 83: "PACK", 88: "UNPACK",
}

func (c opcode) String() string {
	if name, ok := opNames[c]; ok {
		return name
	}
	return fmt.Sprintf("operator %d", int(c))
}
