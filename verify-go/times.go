package main

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

const day = int64(86_400_000)

var (
	instantForm  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$`)
	dateForm     = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	durationForm = regexp.MustCompile(`^PT(?:([1-9][0-9]{0,11})H)?(?:([1-9][0-9]{0,11})M)?(?:([0-9]{1,12})(?:\.([0-9]{3}))?S)?$`)
)

// readInstant is in milliseconds since 1970.
func readInstant(text string) (int64, bool) {
	if !instantForm.MatchString(text) {
		return 0, false
	}
	found, err := time.Parse("2006-01-02T15:04:05.000Z", text)
	if err != nil || found.Year() < 1 {
		return 0, false
	}
	return found.UnixMilli(), true
}

func instant(text string) int64 {
	found, ok := readInstant(text)
	if !ok {
		refuse("form", "no instant: "+short(text))
	}
	return found
}

func isInstant(value any) bool {
	text, ok := value.(string)
	if ok {
		_, ok = readInstant(text)
	}
	return ok
}

func instantText(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

func later(text string, ms int64) string { return instantText(instant(text) + ms) }

// readDate is in days since 1970.
func readDate(text string) (int64, bool) {
	if !dateForm.MatchString(text) {
		return 0, false
	}
	found, err := time.Parse("2006-01-02", text)
	if err != nil || found.Year() < 1 {
		return 0, false
	}
	return floor(found.UnixMilli(), day), true
}

func floor(a, b int64) int64 {
	if a%b < 0 {
		return a/b - 1
	}
	return a / b
}

// readDuration is in milliseconds, of the one canonical text.
func readDuration(text string) (int64, bool) {
	parts := durationForm.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	numbers := [4]int64{}
	for i, part := range parts[1:] {
		if part != "" {
			numbers[i], _ = strconv.ParseInt(part, 10, 64)
		}
	}
	ms := ((numbers[0]*60+numbers[1])*60+numbers[2])*1000 + numbers[3]
	return ms, durationText(ms) == text
}

func duration(text string) int64 {
	found, ok := readDuration(text)
	if !ok {
		refuse("form", "no duration: "+short(text))
	}
	return found
}

func durationText(ms int64) string {
	text := "PT"
	if hours := ms / 3_600_000; hours > 0 {
		text += fmt.Sprintf("%dH", hours)
	}
	if minutes := ms / 60_000 % 60; minutes > 0 {
		text += fmt.Sprintf("%dM", minutes)
	}
	seconds, milli := ms/1000%60, ms%1000
	if milli > 0 {
		text += fmt.Sprintf("%d.%03dS", seconds, milli)
	} else if seconds > 0 || text == "PT" {
		text += fmt.Sprintf("%dS", seconds)
	}
	return text
}
