package entity

import "time"

// days are the first and the last of one or more days.
type days struct{ from, to time.Time }

func (d days) String() string {
	from, to := d.from.Format(time.DateOnly), d.to.Format(time.DateOnly)
	if from == to {
		return from
	}
	return from + "/" + to
}

func (d days) one() bool { return sameDay(d.from, d.to) }

// today is the day of now, shifted.
func (r reader) today(years, months, shift int) time.Time {
	return time.Date(r.now.Year()+years, r.now.Month()+time.Month(months), r.now.Day()+shift, 0, 0, 0, 0, r.now.Location())
}

func (r reader) oneDay(shift int) days { return days{r.today(0, 0, shift), r.today(0, 0, shift)} }

// days reads one or more days: "today", "next friday", "the 3rd of may", "this weekend",
// "in 2 weeks", "christmas". weak is whether it may be something else, as "may".
func (r reader) days(i int) (d days, end int, weak bool) {
	start := i
	for r.word(i) == "on" || r.word(i) == "the" && i > start || r.word(i) == "the" && r.monthly(i+1) {
		i++
	}
	for _, read := range []func(int) (days, int){r.relative, r.calendar, r.weekday, r.shifted, r.feast, r.written} {
		if d, end = read(i); end > i {
			return d, end, false
		}
	}
	if m, end := r.month(i); end > i {
		first := time.Date(r.now.Year(), m, 1, 0, 0, 0, 0, r.now.Location())
		y, next := r.year(end)
		if next > end {
			first, end = time.Date(y, m, 1, 0, 0, 0, 0, r.now.Location()), next
		} else if m < r.now.Month() {
			first = first.AddDate(1, 0, 0)
		}
		return days{first, first.AddDate(0, 1, -1)}, end, m == time.May || m == time.March
	}
	if n, end := r.ordinal(i); end > i && i > start && n > 0 && n <= 31 { // "on the 3rd"
		m := 0
		if n < r.now.Day() {
			m = 1
		}
		t := time.Date(r.now.Year(), r.now.Month()+time.Month(m), n, 0, 0, 0, 0, r.now.Location())
		return days{t, t}, end, true
	}
	return days{}, start, false
}

// monthly reports whether an ordinal or a day that has "the" before it is at i.
func (r reader) monthly(i int) bool {
	if n, end := r.ordinal(i); end > i {
		return n > 0
	}
	w := r.word(i)
	return w == "day" || w == "weekend" || w == "week"
}

func relatives() map[string]string {
	return map[string]string{
		"today": "today", "tomorrow": "tomorrow", "yesterday": "yesterday",
		"day after tomorrow": "after", "day before yesterday": "before",
	}
}

func (r reader) relative(i int) (days, int) {
	name, end := r.phrase(i, r.relatives)
	switch name {
	case "today":
		return r.oneDay(0), end
	case "tomorrow":
		return r.oneDay(1), end
	case "yesterday":
		return r.oneDay(-1), end
	case "after":
		return r.oneDay(2), end
	case "before":
		return r.oneDay(-2), end
	}
	return days{}, i
}

// direction reads "this", "next", "last" and the like: 0, 1, -1.
func (r reader) direction(i int) (int, int) {
	switch r.word(i) {
	case "this", "current":
		return 0, i + 1
	case "next", "coming", "following":
		return 1, i + 1
	case "last", "past", "previous":
		return -1, i + 1
	}
	return 0, i
}

// calendar reads "this weekend", "next week", "last month", "the week".
func (r reader) calendar(i int) (days, int) {
	n, at := r.direction(i)
	if at == i && r.word(i) != "weekend" {
		return days{}, i
	}
	monday := -(int(r.now.Weekday())+6)%7 + 7*n
	switch r.word(at) {
	case "weekend":
		return days{r.today(0, 0, monday+5), r.today(0, 0, monday+6)}, at + 1
	case "week":
		return days{r.today(0, 0, monday), r.today(0, 0, monday+6)}, at + 1
	case "month":
		first := time.Date(r.now.Year(), r.now.Month()+time.Month(n), 1, 0, 0, 0, 0, r.now.Location())
		return days{first, first.AddDate(0, 1, -1)}, at + 1
	case "year":
		first := time.Date(r.now.Year()+n, 1, 1, 0, 0, 0, 0, r.now.Location())
		return days{first, first.AddDate(1, 0, -1)}, at + 1
	}
	return days{}, i
}

// weekday reads "friday", "next friday", "last friday", "friday the 3rd".
func (r reader) weekday(i int) (days, int) {
	n, at := r.direction(i)
	day, ok := r.weekdays[r.word(at)]
	if !ok {
		return days{}, i
	}
	shift := (day - int(r.now.Weekday()) + 7) % 7
	switch {
	case n < 0 && shift > 0:
		shift -= 7
	case n < 0:
		shift = -7
	case n > 0 && shift == 0, at == i && shift == 0:
		shift = 7
	}
	return r.oneDay(shift), at + 1
}

// shifted reads "in 2 weeks", "3 days from now", "2 weeks ago": whole days only.
func (r reader) shifted(i int) (days, int) {
	s, end := r.shift(i)
	if end == i || s.whole()[4]+s.whole()[5]+s.whole()[6] != 0 || s.far() {
		return days{}, i
	}
	t := r.today(int(s[0]), int(s[1]), int(7*s[2]+s[3]))
	return days{t, t}, end
}

// far reports whether a span is beyond all calendars.
func (s span) far() bool {
	for _, n := range s {
		if n > 1e6 || n < -1e6 {
			return true
		}
	}
	return false
}

// shift reads a length of time from now on, or back.
func (r reader) shift(i int) (span, int) {
	if r.word(i) == "in" {
		if s, end := r.duration(i + 1); end > i+1 {
			return s, end
		}
		return span{}, i
	}
	s, end := r.duration(i)
	if end == i {
		return s, i
	}
	switch {
	case r.word(end) == "from" && (r.word(end+1) == "now" || r.word(end+1) == "today"):
		return s, end + 2
	case r.word(end) == "ago":
		for k := range s {
			s[k] = -s[k]
		}
		return s, end + 1
	}
	return span{}, i
}

func feasts() map[string]string {
	return map[string]string{
		"christmas": "12-25", "christmas day": "12-25", "christmas eve": "12-24", "new year 's day": "01-01", "new year 's": "01-01",
		"new year 's eve": "12-31", "new years eve": "12-31", "halloween": "10-31", "valentine 's day": "02-14", "valentines day": "02-14",
		"april fools day": "04-01",
	}
}

// feast reads days that have names.
func (r reader) feast(i int) (days, int) {
	name, end := r.phrase(i, r.feasts)
	if end == i {
		return days{}, i
	}
	t, _ := time.ParseInLocation("2006-01-02", r.now.Format("2006-")+name, r.now.Location()) // of the table above
	if t.Before(r.today(0, 0, 0)) {
		t = t.AddDate(1, 0, 0)
	}
	return days{t, t}, end
}

func (r reader) month(i int) (time.Month, int) {
	if m, ok := r.months[r.word(i)]; ok {
		return time.Month(m), i + 1
	}
	return 0, i
}

// year reads "2026" and "20 26".
func (r reader) year(i int) (int, int) {
	n, end := r.digits(i)
	switch {
	case end == i || n != float64(int(n)):
	case n >= 1900 && n < 2200:
		return int(n), end
	case n == 19 || n == 20:
		if rest, next := r.digits(end); next > end && rest >= 10 && rest < 100 {
			return int(100*n + rest), next
		}
	}
	return 0, i
}

// written reads "may 3rd 2026", "the 3rd of may", "3 may", "2026-05-03".
func (r reader) written(i int) (days, int) {
	if y, at := r.year(i); at > i {
		m, next := r.digits(at)
		d, end := r.digits(next)
		if end > next && next > at && m >= 1 && m <= 12 && d >= 1 && d <= 31 {
			return r.date(y, time.Month(m), int(d), end)
		}
		return days{}, i
	}
	if m, at := r.month(i); at > i {
		if r.word(at) == "the" {
			at++
		}
		if day, end := r.dayOfMonth(at); end > at {
			if y, next := r.year(end); next > end {
				return r.date(y, m, day, next)
			}
			return r.date(0, m, day, end)
		}
		return days{}, i
	}
	day, at := r.dayOfMonth(i)
	if at == i {
		return days{}, i
	}
	if r.word(at) == "of" {
		at++
	}
	m, end := r.month(at)
	if end == at {
		return days{}, i
	}
	if y, next := r.year(end); next > end {
		return r.date(y, m, day, next)
	}
	return r.date(0, m, day, end)
}

func (r reader) dayOfMonth(i int) (int, int) {
	if n, end := r.ordinal(i); end > i && n >= 1 && n <= 31 {
		return n, end
	}
	if n, end := r.digits(i); end > i && n >= 1 && n <= 31 && n == float64(int(n)) {
		return int(n), end
	}
	return 0, i
}

// date is a day of a year, the next one where the year is 0.
func (r reader) date(year int, m time.Month, day, end int) (days, int) {
	y := year
	if y == 0 {
		y = r.now.Year()
	}
	t := time.Date(y, m, day, 0, 0, 0, 0, r.now.Location())
	if year == 0 && t.Before(r.today(0, 0, 0)) {
		t = t.AddDate(1, 0, 0)
	}
	return days{t, t}, end
}
