// Package export turns a trained network into a wake word pack: an int8 model in the
// format of TensorFlow Lite, with the operators, the streaming state and the tensors of
// microWakeWord's models of version 2, and its manifest. ESPHome, pymicro-wakeword and
// wakeword/tflite run it.
//
// Quantisation follows TensorFlow Lite's specification
// (https://ai.google.dev/edge/litert/conversion/tensorflow/quantization/quantization_spec):
// weights are symmetric with a scale for each output channel (one for all in the fully
// connected layer), activations have one scale and zero point each, biases are 32-bit
// with the product of the scales of input and weights. The ranges of activations are
// those seen while the network hears what it will hear in use.
package export
