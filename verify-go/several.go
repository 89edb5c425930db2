package main

import "runtime"

// One judging that is under way: what it found, or with what it broke off.
type pending struct {
	of   *section
	done chan struct{}
	told *report
	fell any
}

// inOrder judges the sections that come, as many at once as there are cores, and hands each on with its
// report in the order in which they came. No more than twice as many are held, so memory stays flat
// however many come. Sections of a stream lie in memory whole and are judged one by one.
func inOrder(sections func(each func(*section)), judge func(*section) *report, each func(*section, *report)) {
	cores := runtime.GOMAXPROCS(0)
	room := make(chan struct{}, cores)
	var held []*pending
	next := func() {
		one, rest := held[0], held[1:]
		held = nil // After a panic nothing more is told.
		if <-one.done; one.fell != nil {
			panic(one.fell)
		}
		each(one.of, one.told)
		held = rest
	}
	// Also where the container turns out to be wrong: those before were judged, and are told first.
	defer func() {
		for len(held) > 0 {
			next()
		}
	}()
	sections(func(of *section) {
		one := &pending{of: of, done: make(chan struct{})}
		room <- struct{}{}
		go func() {
			defer func() {
				one.fell = recover()
				<-room
				close(one.done)
			}()
			one.told = judge(of)
		}()
		held = append(held, one)
		for len(held) >= 2*cores || (of.file == nil && len(held) > 0) {
			next()
		}
	})
}
