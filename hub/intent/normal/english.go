package normal

import (
	"strconv"
	"strings"
)

// english is the English of voice assistants.
func english() Language {
	return Language{
		contractions: map[string]string{"'s": "is", "'m": "am", "'re": "are", "'ll": "will", "'ve": "have", "'d": "would"},
		spellings: map[string]string{
			"whats": "what is", "wheres": "where is", "hows": "how is", "lets": "let us", "im": "i am", "wanna": "want to", "gonna": "going to",
			"colour": "color", "favourite": "favorite", "centre": "center", "theatre": "theater", "grey": "gray",
			"ok": "okay", "tv": "tv", "mins": "minutes", "min": "minutes", "secs": "seconds", "sec": "seconds", "hrs": "hours", "hr": "hours", "o'clock": "o'clock", "oclock": "o'clock",
		},
		fillers: set("please um uh uhm er ehm hm hey kindly"),
		common: set(`a about after again all also am an and any anyone anything are around as at be because been before being between both but by
			can can't could did do does doesn't don't down during each every everything few for from get give go going had has have having he
			hello help her here hers him his how i if in into is isn't it its just know let like look make may me might mine more most much my need
			no none not now of off on once only or other our out over own please put same she should show so some something such take tell than
			thank that the their them then there these they this those through to too tonight under until up us very want was we were what when
			where which while who whom whose why will with won't would yes you your`),
		general: set(`add another call cancel change day days do find give keep leave long loud make mute next open pause play put repeat say set
			show start stop switch time times today tomorrow turn wake want week`),
		others: strings.Split(others, "\n"),
		sounds: englishSounds,
		number: englishNumber,
	}
}

func set(words string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// englishNumber reads "twenty five" and "one hundred and five", and ordinals such as
// "twenty first". "Second" alone stays a word: it is a time more often than an ordinal.
func englishNumber(words []Token) (string, int) {
	total, part, used := 0, 0, 0
	joined := false // an "and" waits for what it joins
	room := 0       // what may follow is below it: 100 after "hundred", 10 after "twenty"
	for i, t := range words {
		w := t.Text
		n, isUnit := unit(w)
		ordinal, isOrdinal := ordinalUnit(w)
		switch {
		case i == 0 && w == "a" && len(words) > 1 && scale(words[1].Text) > 0:
			part, room = 1, 1
			continue
		case i == 0 && isUnit:
			part, room = n, roomBehind(n)
		case i == 0 && isOrdinal:
			return suffixed(ordinal), 1
		case isUnit && used > 0 && n > 0 && n < room:
			part, room = part+n, min(roomBehind(n), room)
		case isOrdinal && used > 0 && ordinal < room:
			return suffixed(total + part + ordinal), i + 1
		case w == "hundred" && part > 0 && part < 100 && !joined:
			part, room = part*100, 100
		case scale(w) >= 1000 && part > 0 && part < 1000 && !joined && (total == 0 || scale(w) < 1000_000):
			total, part, room = total+part*scale(w), 0, 1000
		case i == 0 && scale(w) > 0:
			part, room = scale(w), min(scale(w), 1000)
		case w == "and" && used > 0 && room >= 100:
			joined = true
			continue
		default:
			return finish(total+part, used)
		}
		joined, used = false, i+1
	}
	return finish(total+part, used)
}

func finish(n, used int) (string, int) {
	if used == 0 {
		return "", 0
	}
	return strconv.Itoa(n), used
}

// roomBehind is what a number that follows n at once must be below.
func roomBehind(n int) int {
	if n >= 20 && n%10 == 0 {
		return 10
	}
	return 0
}

func unit(w string) (int, bool) {
	for i, u := range [...]string{
		"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
		"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
	} {
		if w == u {
			return i, true
		}
	}
	for i, u := range [...]string{"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"} {
		if w == u {
			return 20 + 10*i, true
		}
	}
	return 0, false
}

func scale(w string) int {
	switch w {
	case "hundred":
		return 100
	case "thousand":
		return 1000
	case "million":
		return 1000_000
	}
	return 0
}

func ordinalUnit(w string) (int, bool) {
	for i, u := range [...]string{
		1: "first", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth",
		10: "tenth", 11: "eleventh", 12: "twelfth", 13: "thirteenth", 14: "fourteenth", 15: "fifteenth", 16: "sixteenth",
		17: "seventeenth", 18: "eighteenth", 19: "nineteenth", 20: "twentieth", 30: "thirtieth",
	} {
		if u != "" && w == u {
			return i, true
		}
	}
	return 0, false
}

// suffixed is an ordinal in digits: "21st".
func suffixed(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// others are about everything.
const others = `how are you today
i don't know what you mean
he went to the shop this morning
that was a really good game yesterday
can you pass me the salt
we should go home now
what do you think about that
my mother called me last night
i am so tired of all this
the dog needs to go out again
are you coming with us or not
she said that it would be fine
where did you put my keys
it is your turn to do the dishes
i think he is right about it
why did they do that
no i did not say that
let us talk about it later
the children are already in bed
who won the election in france
how tall is the eiffel tower
what is the capital of australia
tell me a joke
do you believe in ghosts
how do you spell necessary
translate good morning into spanish
what does this word mean
who wrote this
how many people live in china
read me the news
what is the meaning of life
do you like me
you are very funny
thank you very much
good night
good morning everybody
i love you
see you tomorrow
could you help me with my homework
i have to finish this report by friday
the car makes a strange noise
we have been waiting for an hour
have you seen my phone
i would like a cup of coffee
this soup is too hot
he has lived here for ten years
did you hear what happened
i can not find my glasses
the train was late again
they are moving to another city
what are we having for dinner
it will take a long time
nobody told me about the meeting
she is looking for a new job
how much does it cost
is there anything left in the fridge
you never listen to me
do not touch that
come here for a moment
that is not what i wanted
i will be right back
the door was open when we came
call the doctor
send a message to my brother
buy two tickets for the concert
order a pizza for us
how far is it to the airport
what is the fastest way to work
when is the next bus
how old are you
what is your name
say that again
i changed my mind
this is not working
what happened to the old one
and then he just left
so what do we do now
you know what i mean
maybe another time
it depends on the price
we could ask the neighbours
the problem is that nobody has time
if i were you i would wait
there is someone at the door`
