// Package voices gives the voices of Wyoming servers (such as wyoming-piper) to those who want
// sentences said in all of them: the trainer of wake words, as confusable.Speaker.
package voices
