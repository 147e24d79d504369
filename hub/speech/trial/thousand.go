package trial

import (
	"math/rand/v2"
	"slices"
	"strings"

	"vapd/hub/speech"
)

// Words of Thousand.
const (
	verbs = "add answer ask begin book bring buy call cancel change check choose clean close connect continue copy count cut delete dim " +
		"draw drop end fetch find finish fix follow forget give hide hold join keep leave lift list lock look lower make mark mix move " +
		"name open order pack paint pause pick place plan play press print put raise read record remind remove rename repeat reset save " +
		"search sell send set share show skip sort spell start stop store switch take tell test throw touch try turn unlock update use " +
		"wait wake watch water write"
	nouns = "alarm apple attic balcony basement bathroom battery bedroom bell blanket blind book boiler bottle bread bridge butter " +
		"camera candle car carpet castle ceiling cellar chair channel cheese chicken clock closet coffee computer corridor couch cup " +
		"curtain desk dinner dishwasher doctor dog door dryer engine entrance fan faucet fence fire flag flower football freezer fridge " +
		"garage garden gate glass grill guitar hallway hammer heater honey kettle key kitchen ladder lamp laundry lawn letter library " +
		"light machine mailbox market mattress message milk mirror monitor mountain music neighbor nursery office onion orange oven " +
		"paper parent party pencil pepper phone piano picture pillow pizza planet plant playlist pool porch potato printer program pump " +
		"radio recipe river roof room salad school screen shelf shower sink sister soap sofa soup speaker sprinkler stair station stove " +
		"street sugar supper table teacher telephone television terrace timer toaster toilet tomato tower trailer train tree tunnel " +
		"uncle vacuum valley vegetable village wallet washer water weather window winter workshop yard zebra"
	qualities = "big black blue cold dark dry empty front green hot left little long lower main new old red right short small upper warm white yellow"
	between   = "to|from|in|into|with|for|behind|before|beside|next to|on top of|out of|and then|together with|because of|instead of"
	ends      = "|now|today|again|tomorrow|please|right away|at noon|every day|in the morning|this evening|if you can|one more time"
)

// Thousand is a grammar of a thousand templates, with two or three of eight lists of
// fifty values each: what a large house could ask an engine to listen for.
func Thousand() speech.Grammar {
	r := rand.New(rand.NewPCG(1, 1000))
	g := speech.Grammar{}
	lists := strings.Split("room device person song item place program thing", " ")
	for _, list := range lists {
		seen := map[string]bool{}
		for len(g[list]) < 50 {
			value := draw(r, nouns, " ")
			if r.IntN(2) == 0 {
				value = draw(r, qualities, " ") + " " + value
			}
			if !seen[value] {
				seen[value] = true
				g[list] = append(g[list], value)
			}
		}
	}
	for len(g[speech.Start]) < 1000 {
		t := draw(r, verbs, " ") + " the <" + lists[r.IntN(len(lists))] + ">"
		for range 1 + r.IntN(2) {
			t += " " + draw(r, between, "|") + " the <" + lists[r.IntN(len(lists))] + ">"
		}
		t = strings.TrimSpace(t + " " + draw(r, ends, "|"))
		if !slices.Contains(g[speech.Start], t) {
			g[speech.Start] = append(g[speech.Start], t)
		}
	}
	return g
}

// draw is one of the words that separator is between.
func draw(r *rand.Rand, words, separator string) string {
	all := strings.Split(words, separator)
	return all[r.IntN(len(all))]
}
