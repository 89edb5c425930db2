package main

import "sort"

const (
	hour        = day / 24
	mostPeriods = 1000
)

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// calendarOf is the calendar under a gate's clock, nil when elapsed time counts; ticks are the other
// rows of the clock.
func calendarOf(gate obj) obj {
	for _, one := range list(gate, "clock") {
		if row := one.([]any); row[0] == "on" {
			if found, ok := row[1].(obj); ok {
				return found
			}
		}
	}
	return nil
}

func isCalendar(row []any) bool {
	_, ok := row[1].(obj)
	return ok && row[0] == "on"
}

func ticks(gate obj) [][]any {
	found := [][]any{}
	for _, one := range list(gate, "clock") {
		if row := one.([]any); !isCalendar(row) {
			found = append(found, row)
		}
	}
	return found
}

func minutes(text string) int64 {
	number := func(a, b byte) int64 { return int64(a-'0')*10 + int64(b-'0') }
	return number(text[0], text[1])*60 + number(text[3], text[4])
}

func checkCalendar(calendar obj, place string) {
	days, hours, except := texts(list(calendar, "days")), texts(list(calendar, "hours")), texts(list(calendar, "except"))
	at := 0
	for _, one := range weekdays {
		if at < len(days) && days[at] == one {
			at++
		}
	}
	if len(days) == 0 || at != len(days) || !rising(except) || minutes(hours[0]) >= minutes(hours[1]) {
		manifestWrong("calendar", place)
	}
	for _, date := range except {
		if _, ok := readDate(date); !ok {
			refuse("form", "no date: "+date)
		}
	}
}

// checkPeriods: the periods are the calendar's open days, each once, from the day before the opening
// on, and its hours by a clock that some zone could have.
func checkPeriods(calendar obj, openedAt string, periods []any) {
	if len(periods) == 0 || len(periods) > mostPeriods {
		refuse("periods", "a gate opens over 1 to 1000 open days")
	}
	days, except := texts(list(calendar, "days")), texts(list(calendar, "except"))
	hours := texts(list(calendar, "hours"))
	opens, closes := minutes(hours[0])*60_000, minutes(hours[1])*60_000
	next := floor(instant(openedAt), day) - 1
	last := int64(-1 << 62)
	var apart []int64
	for i, one := range periods {
		row := texts(one.([]any))
		date, ok := readDate(row[0])
		if !ok {
			refuse("form", "no date: "+row[0])
		}
		for !isOpen(days, except, next) {
			next++
		}
		if date != next {
			refuse("periods", "the days are not those on which the calendar counts time")
		}
		next++
		start, end := instant(row[1]), instant(row[2])
		if i == 0 {
			last = 0
		}
		if start < last || end < start {
			refuse("periods", "the periods do not follow each other")
		}
		last = end
		apart = append(apart, date*day+opens-start, date*day+closes-end)
	}
	sort.Slice(apart, func(i, j int) bool { return apart[i] < apart[j] })
	least, most := apart[0], apart[len(apart)-1]
	if least < -12*hour || most > 14*hour || most-least > 2*hour {
		refuse("periods", "no zone's clock shows the calendar's hours then")
	}
}

func isOpen(days, except []string, date int64) bool {
	// 1970-01-01 was a Thursday.
	weekday := weekdays[((date+3)%7+7)%7]
	return contains(days, weekday) && !contains(except, instantText(date * day)[:10])
}

// clockInstants are the rows of the clock record of a gate that opened then.
func clockInstants(gate obj, openedAt string, periods []any) []any {
	calendar := calendarOf(gate)
	if calendar != nil {
		checkPeriods(calendar, openedAt, periods)
	}
	found := []any{}
	for _, row := range ticks(gate) {
		var at string
		if calendar != nil {
			at = openTime(openedAt, periods, duration(row[0].(string)))
		} else {
			at = later(openedAt, duration(row[0].(string)))
		}
		from, to := any("none"), any("none")
		if len(row) == 4 {
			from, to = row[2], row[3]
		}
		found = append(found, []any{at, row[1], from, to})
	}
	if len(periods) > 1 && calendar != nil {
		ends := found[len(found)-1].([]any)[0].(string)
		if ends <= periods[len(periods)-1].([]any)[1].(string) {
			refuse("periods", "the periods go on after the clock has ended")
		}
	}
	return found
}

// openTime is the first instant by which so much open time has passed since the opening.
func openTime(openedAt string, periods []any, left int64) string {
	opened := instant(openedAt)
	for _, one := range periods {
		row := texts(one.([]any))
		start, end := max(instant(row[1]), opened), instant(row[2])
		if left > 0 && left <= end-start {
			return instantText(start + left)
		}
		left -= max(0, end-start)
	}
	refuse("periods", "the periods end before the clock does")
	return ""
}
