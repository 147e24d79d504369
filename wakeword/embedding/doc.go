// Package embedding trains the small network that turns speech into values in which the
// same word looks alike, whoever says it: what wakeword/enroll compares.
//
// The network learns to say which phone is being spoken, every 30 ms, and then loses its
// last layer. Phones are what words that it has never heard are made of, and they are the
// same for all speakers, so that it needs neither many words nor many recordings of each.
// The layer before the last, a bottleneck, is the embedding.
//
// It learns from three kinds of speech. Flite says words of a pronouncing dictionary and
// says when each phone was (its voices are real people's). PocketSphinx writes down what
// people read and ask for. And of the recordings of single words it is known which word
// they are. Where the phones are in these two is found by the network itself, which is
// aligned and trained again (forced alignment: see Align).
package embedding
