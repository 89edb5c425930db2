package main

import "strings"

// A wait is no authority: three records tell of it, each alone in a commit of no artifacts. The first
// fixes what is waited for and until when; a later one says which event came, or that none did. Several
// are open at once only where the program has them beside each other.
var ofWaits = []string{"wait", "event", "timeout"}

type waits struct {
	rounds map[string]int
	open   []*openWait
}

// An open wait is named by its commit's hash; its deadline is the first instant too late.
type openWait struct {
	site, opened, deadline, hash string
	events                       []string
}

func ofWait(statement obj) bool { return len(recordsOf(statement, ofWaits...)) > 0 }

// ended: nothing follows an open wait but its own records, or the end of the run.
func (w *waits) ended(first string) {
	if len(w.open) > 0 && first != "TERMINATED" {
		refuse("wait_open", "something else while "+w.open[0].site+" is open")
	}
	w.open = nil
}

// answered closes the wait that a record answers.
func (w *waits) answered(answers func(*openWait) bool) *openWait {
	for i, one := range w.open {
		if answers(one) {
			w.open = append(append([]*openWait{}, w.open[:i]...), w.open[i+1:]...)
			return one
		}
	}
	refuse("other_wait", "it answers another wait than those that are open")
	return nil
}

// waited judges a commit that tells of a wait. True when its context is that of an event; else it must
// be what came before.
func (w *walk) waited(statement obj, hash string) bool {
	record := list(statement, "records")[0].(obj)
	if len(list(statement, "records")) != 1 {
		refuse("wait_alone", "the record of a wait stands alone in its commit")
	}
	if record["kind"] == "wait" {
		w.waitOpens(statement, record, hash)
		return false
	}
	if len(w.waits.open) == 0 {
		refuse("no_wait", "an event, or the end of a wait, while nothing waits")
	}
	if record["kind"] == "timeout" {
		wait := w.waits.answered(func(one *openWait) bool { return record["site"] == one.site })
		if text(statement, "timestamp") < wait.deadline {
			refuse("early_timeout", "the time of the wait was not over")
		}
		return false
	}
	event := w.ofThis(record["event"], "event", "decision")
	w.bind(text(object(event.statement, "assurance"), "identity"))
	hashed := event.statement["wait_commit_hash"]
	wait := w.waits.answered(func(one *openWait) bool { return hashed == one.hash })
	w.came(wait, statement, event.statement)
	return true
}

func (w *walk) waitOpens(statement, record obj, hash string) {
	site := text(record, "site")
	all, _ := w.manifest["waits"].(obj)
	planned, ok := all[site].(obj)
	if !ok {
		refuse("wait_site", "the program has no "+site)
	}
	beside := optional(planned, "beside")
	for _, one := range w.waits.open {
		if !contains(beside, one.site) {
			refuse("wait_open", site+" opens while "+one.site+" is open")
		}
	}
	events := texts(list(record, "events"))
	if !same(events, texts(list(planned, "events"))) {
		refuse("wait_events", site+" is for other events")
	}
	w.waits.rounds[site]++
	if record["round"] != itoa(w.waits.rounds[site]) {
		refuse("round", "that round of "+site+" is not the next one")
	}
	opened, deadline := text(statement, "timestamp"), text(record, "deadline")
	if !isInstant(deadline) || deadline < opened || deadline > later(opened, duration(text(planned, "within"))) {
		refuse("wait_deadline", "the deadline of "+site+" is before it opens, or later than the program lets it be")
	}
	w.waits.open = append(w.waits.open, &openWait{site, opened, deadline, hash, events})
}

func (w *walk) came(wait *openWait, statement, said obj) {
	name := text(said, "event")
	if !contains(wait.events, name) {
		refuse("event_other", wait.site+" does not wait for "+name)
	}
	event := object(object(w.manifest, "events"), name)
	if !w.maySend(texts(list(event, "from")), said) {
		refuse("event_sender", name+" is sent by "+strings.Join(texts(list(event, "from")), " or "))
	}
	if text(statement, "timestamp") >= wait.deadline {
		refuse("event_late", "the event was taken when the time of the wait was over")
	}
	sent, taken := instant(text(said, "timestamp")), instant(text(statement, "timestamp"))
	if sent < instant(wait.opened)-w.trust.maxSkew || sent > taken+w.trust.maxSkew {
		refuse("event_time", "the event was not sent between the wait and its commit")
	}
	if H("context", canonical(statement["context"])) != said["context_hash"] {
		refuse("event_context", "the context is not what was sent")
	}
	if wrong := covers(event["data"], pointersOf(statement), "/event"); wrong != "" {
		refuse("event_data", "the context is not the event's data: "+wrong)
	}
}

func (w *walk) maySend(from []string, said obj) bool {
	for _, one := range from {
		if one == "initiator" && said["human_actor_id"] == w.initiator && w.initiator != "none" {
			return true
		}
		if one != "initiator" && contains(texts(list(said, "role")), one) {
			return true
		}
	}
	return false
}

// optional: the texts of a member that may be absent.
func optional(of obj, name string) []string {
	if _, there := of[name]; !there {
		return nil
	}
	return texts(list(of, name))
}

// checkWaits holds the manifest's events and waits together.
func checkWaits(manifest obj) {
	events, sends := manifest["events"].(obj)
	waits, waiting := manifest["waits"].(obj)
	if sends != waiting || (waiting && len(waits) == 0) {
		refuse("manifest", "events and waits stand together, or neither does")
	}
	for name, event := range events {
		checkShape(event.(obj)["data"], "events/"+name)
		if len(list(event.(obj), "from")) == 0 {
			refuse("manifest", "nobody may send the event "+name)
		}
	}
	for site, wait := range waits {
		duration(text(wait.(obj), "within"))
		names := texts(list(wait.(obj), "events"))
		for _, name := range names {
			if events[name] == nil {
				refuse("manifest", site+" is for an event that is not there")
			}
		}
		if len(names) == 0 {
			refuse("manifest", site+" is for no event")
		}
		for _, other := range optional(wait.(obj), "beside") {
			there, _ := waits[other].(obj)
			if other == site || !contains(optional(there, "beside"), site) {
				refuse("manifest", site+" is beside "+other+", which is not beside it")
			}
		}
	}
}
