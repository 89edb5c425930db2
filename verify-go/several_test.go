package main

import (
	"math/rand"
	"os"
	"testing"
	"time"
)

// made hands on so many sections of a file, and then breaks off with what is given.
func made(count int, fell any) func(each func(*section)) {
	return func(each func(*section)) {
		for i := 0; i < count; i++ {
			each(&section{instanceID: itoa(i), file: os.Stdin})
		}
		if fell != nil {
			panic(fell)
		}
	}
}

func slowly(of *section) *report {
	time.Sleep(time.Duration(rand.Intn(300)) * time.Microsecond)
	return newReport(of.instanceID)
}

func TestReportsComeInOrder(t *testing.T) {
	for _, fell := range []any{nil, fault{"cut", "the bundle ends before its end", true}} {
		told := 0
		wrong := try(func() {
			inOrder(made(200, fell), slowly, func(of *section, found *report) {
				if found.Path != itoa(told) || of.instanceID != itoa(told) {
					t.Error(found.Path, "was told as number", told)
				}
				told++
			})
		})
		if told != 200 || (wrong == nil) != (fell == nil) {
			t.Error(told, "were told, and then", wrong)
		}
	}
}

func TestWhatBreaksAJudgingOffEndsTheRun(t *testing.T) {
	told := 0
	defer func() {
		if caught := recover(); caught != "a fault of this program" || told != 70 {
			t.Error(told, "were told, and then", caught)
		}
	}()
	inOrder(made(200, nil), func(of *section) *report {
		if of.instanceID == "70" {
			panic("a fault of this program")
		}
		return newReport(of.instanceID)
	}, func(*section, *report) { told++ })
}
