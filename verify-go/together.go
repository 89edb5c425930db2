package main

// Reports of one run, judged beside each other (docs/evidence/rules.md, "Several folders").

// together hands on each report as it stands beside the others: at once what no other can change, the
// rest at the end. several: an instance may be told twice, which within one bundle it can't.
func together(found func(each func(*report)), several bool, done func(*report)) {
	var kept []*report
	found(func(one *report) {
		if !several {
			one.commits = nil
		}
		if several || len(one.children) > 0 || len(one.running) > 0 || one.parent != "none" {
			kept = append(kept, one)
		} else {
			done(one)
		}
	})
	forks(kept)
	link(kept)
	if several {
		oneLog(kept)
	}
	for _, one := range kept {
		done(one)
	}
}

// forks finds two that tell one instance otherwise at the same number. A shorter copy of one chain, or
// other signatures on the same payloads, is none.
func forks(reports []*report) {
	told := map[string][]*report{}
	for _, one := range reports {
		if one.InstanceID != "" {
			told[one.InstanceID] = append(told[one.InstanceID], one)
		}
	}
	for _, one := range reports {
		for _, other := range told[one.InstanceID] {
			if number := differ(one.commits, other.commits); number != "" && !one.has("fork") {
				one.add(finding{"fork", "INVALID", number,
					"another folder tells commit " + number + " of " + one.InstanceID + " otherwise"})
			}
		}
	}
}

func differ(commits, others []string) string {
	for n := range commits {
		if n < len(others) && commits[n] != others[n] {
			return itoa(n)
		}
	}
	return ""
}

// family finds reports by what they say of each other.
type family struct {
	ended   map[string][]*report // instance -> who tells its end
	parents map[string][]*report // instance, or artifact that may have run one -> who tells of it
}

// link judges each child with its parent where both are given, until nothing changes.
func link(reports []*report) {
	all := family{map[string][]*report{}, map[string][]*report{}}
	for _, one := range reports {
		if one.ended {
			all.ended[one.InstanceID] = append(all.ended[one.InstanceID], one)
		}
		for _, child := range one.children {
			all.parents[child.instanceID] = append(all.parents[child.instanceID], one)
		}
		for artifact := range one.running {
			all.parents[artifact] = append(all.parents[artifact], one)
		}
	}
	for changed := true; changed; {
		changed = false
		for _, one := range reports {
			changed = all.judgeStart(one) || changed
			changed = all.judgeEnds(one) || changed
		}
	}
}

// judgeStart settles a child's open finding by what its parent tells.
func (f family) judgeStart(child *report) bool {
	if !child.has("parent") {
		return false
	}
	settled, right, wrong, none := false, false, "", ""
	for _, other := range append(f.parents[child.InstanceID], f.parents[child.parent]...) {
		switch start := other.start(child.InstanceID); {
		case start == nil:
			none = other.InstanceID
		case start.submission != child.submission:
			wrong = other.InstanceID
		default:
			// While it runs its parent has no end yet, which takes nothing from what it told so far.
			right, settled = true, settled || other.only("no_end")
		}
	}
	// A shorter copy of the parent tells no start yet: beside the whole one that says nothing.
	if wrong == "" && !right {
		wrong = none
	}
	if wrong != "" {
		settled = true
	}
	if settled {
		child.drop("parent")
	}
	if wrong != "" {
		child.add(finding{"parent_link", "INVALID", "0", "its parent " + wrong + " tells no such start of it"})
	}
	return settled
}

func (f family) judgeEnds(parent *report) bool {
	if parent.has("child_link") {
		return false
	}
	for _, one := range parent.children {
		for _, other := range f.ended[one.instanceID] {
			if one.state != "" && (one.state != other.State || one.artifact != other.last) {
				parent.add(finding{"child_link", "INVALID", "",
					"the child " + one.instanceID + " did not end as " + one.call + " says"})
				return true
			}
		}
	}
	return false
}
