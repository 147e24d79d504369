package say

import "strconv"

// Number is n in words: "forty two", "one hundred and five". Numbers above 999,999
// and below zero stay digits.
func Number(n int) string {
	units := [...]string{
		"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
		"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
	}
	tens := [...]string{2: "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}
	switch {
	case n < 0 || n > 999_999:
		return strconv.Itoa(n)
	case n < 20:
		return units[n]
	case n < 100:
		return joined(tens[n/10], " ", n%10)
	case n < 1000:
		return joined(units[n/100]+" hundred", " and ", n%100)
	case n%1000 < 100:
		return joined(Number(n/1000)+" thousand", " and ", n%1000)
	default:
		return joined(Number(n/1000)+" thousand", " ", n%1000)
	}
}

// joined appends rest in words, unless it is zero.
func joined(head, glue string, rest int) string {
	if rest == 0 {
		return head
	}
	return head + glue + Number(rest)
}
