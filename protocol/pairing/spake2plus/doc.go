// Package spake2plus is SPAKE2+ (RFC 9383): two sides of which one knows a password and
// the other a record of it agree a strong key; who has neither gets one guess at the
// password for each exchange with one of them, and nothing to try offline.
//
// The ciphersuite is P256-SHA256-HKDF-SHA256-HMAC-SHA256 (RFC 9383 section 4). The tests
// run the same code with every suite on a NIST curve, against all vectors of appendix C.
//
//	Prover (has the password)           Verifier (has the record)
//	p.Share()          -- shareP -->    v.Answer(shareP)
//	p.Finish(...)  <-- shareV, confirmV --
//	               --- confirmP ----->  v.Finish(confirmP)
//
// The prover's key is good once Finish returned it; the verifier's too. An Answer tells
// its receiver whether one guess was right: a verifier has to count answers, not only
// failures of Finish.
package spake2plus
