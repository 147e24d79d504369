// Package net trains small streaming networks that hear words in the features of
// wakeword/frontend, in 32-bit floats on all cores.
//
// The network is a MixedNet, as in the models of microWakeWord v2
// (github.com/kahrendt/microWakeWord, Apache-2.0: prior art for the shape, no code of it
// is here). Time is the only dimension besides channels. With the default Config, one
// step is three features of 40 values, 30 ms:
//
//	features            n x 40
//	convolution         5 features, every 3     -> steps x 32, batch norm, ReLU
//	4 blocks, each of
//	  mixed depthwise   groups of channels with kernels of their own length
//	                    ({5}, {7, 11}, {9, 15}, {23} steps)
//	  pointwise         64 filters              -> batch norm, ReLU
//	head                6 steps x 64, flattened -> 1, the logit of the word
//
// Mixed depthwise convolution is of Tan and Le, MixConv: Mixed Depthwise Convolutional
// Kernels, BMVC 2019 (arxiv.org/abs/1907.09595). Batch norm (Ioffe and Szegedy, 2015) is
// computed over the clips of one shard of a batch, which makes shards independent of each
// other (ghost batch norm: Hoffer et al., 2017, arxiv.org/abs/1705.08741); after training
// it is folded into the weights. Other heads make the same network a classifier of many
// words or, without its last layer, an embedding.
//
// A Trainer computes every output that a clip has room for in one pass, with nothing
// padded, and takes the loss of each; a Stream computes the same outputs step by step as
// sound arrives. The gradients of a shard are summed by one worker and those of shards in
// their order, and what is random is a function of seed, step and place: so a seed gives
// the same bits on any number of cores of one kind of processor, and a training that was
// stopped goes on as if it had not been. Processors differ in how they round sums.
package net
