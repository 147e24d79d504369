// Package speaker says whose voice a piece of speech may be, of the people who let the
// program know theirs. It is a hint and no lock: it takes a good imitation, or a recording,
// for the person.
//
// The network of wakeword/enroll says how likely each phone is in every frame. How the
// cepstra of a phone differ from everybody's mean, over all phones, is what a voice is: a
// piece of a few seconds has only some of the phones, so that this is described by few
// factors, of which each moves all phones together, and which are found with the doubt that
// so little speech leaves (i-vector: Dehak et al., 2011; with phones as its classes: Lei et
// al., 2014). Two pieces are compared by how likely they are of one person rather than of
// two, given how factors vary within and between people (PLDA: Prince and Elder, 2007).
package speaker
