package main

import (
	"math"
	"strings"
)

// rounds of alignment. More change nothing.
const rounds = 8

// align finds which of its phones each letter of a word stands for: none, one or two. It
// begins with what letters and phones stand beside each other, and then counts again what
// is likeliest (Viterbi training). Words that can't be aligned have nil.
func align(words []entry) [][]string {
	counts := map[string]float64{}
	for _, e := range words {
		for i := range len(e.word) {
			at := float64(i) * float64(len(e.phones)) / float64(len(e.word))
			for k, p := range e.phones {
				counts[e.word[i:i+1]+p] += math.Exp(-math.Abs(at - float64(k)))
			}
			counts[e.word[i:i+1]] += 0.1
		}
	}
	out := make([][]string, len(words))
	for range rounds {
		cost := costs(counts)
		counts = map[string]float64{}
		for i, e := range words {
			out[i] = best(e, cost)
			for k, s := range out[i] {
				counts[e.word[k:k+1]+s]++
			}
		}
	}
	return out
}

// costs are the negative logarithms of how likely a letter has a sound.
func costs(counts map[string]float64) map[string]float64 {
	var all [256]float64
	for key, n := range counts {
		all[key[0]] += n
	}
	out := map[string]float64{}
	for key, n := range counts {
		out[key] = -math.Log(n / all[key[0]])
	}
	return out
}

// unseen is the cost of a sound that a letter was never seen with, for each phone.
const unseen = 12

// best is the likeliest way to spread the phones of a word over its letters.
func best(e entry, cost map[string]float64) []string {
	n, m := len(e.word), len(e.phones)
	if m > 2*n {
		return nil
	}
	type cell struct {
		cost float64
		took int
	}
	table := make([][]cell, n+1)
	for i := range table {
		table[i] = make([]cell, m+1)
		for k := range table[i] {
			table[i][k].cost = math.Inf(1)
		}
	}
	table[0][0].cost = 0
	for i := range n {
		for k := range m + 1 {
			for took := 0; took <= 2 && k+took <= m; took++ {
				c, ok := cost[e.word[i:i+1]+strings.Join(e.phones[k:k+took], " ")]
				if !ok {
					c = unseen * float64(1+took)
				}
				if c += table[i][k].cost; c < table[i+1][k+took].cost {
					table[i+1][k+took] = cell{c, took}
				}
			}
		}
	}
	out := make([]string, n)
	for i, k := n, m; i > 0; i-- {
		took := table[i][k].took
		out[i-1] = strings.Join(e.phones[k-took:k], " ")
		k -= took
	}
	return out
}
