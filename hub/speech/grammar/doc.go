// Package grammar makes finite-state automata of the sentences that can be said. It
// knows no engine: what it makes is written as text that CMU Sphinx reads.
//
// A rule becomes a minimal automaton of words and references: templates that begin
// alike share their beginning, and those that end alike their end. Where a rule is
// referred to stands a copy of its automaton; all references after which the sentence
// goes on in the same way share one copy. So a thousand templates with the same list of
// fifty rooms hold that list as many times as there are ways to go on after it.
package grammar
