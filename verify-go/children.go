package main

// What one chain tells of a child: the call, the child's instance, the hash of its submission, and its
// end: the state, "" while it runs, and the hash of the artifact that says so.
type told struct{ call, instanceID, submission, state, artifact string }

type children struct {
	planned obj
	order   []string
	told    map[string]*told
}

func newChildren(manifest obj) *children {
	planned, _ := manifest["children"].(obj)
	return &children{planned, nil, map[string]*told{}}
}

func (c *children) start(by *walk, call string, submission *sealed) {
	planned, ok := c.planned[call].(obj)
	if !ok {
		refuse("child", "the program runs no child at "+call)
	}
	if c.told[call] != nil {
		refuse("child_twice", call+" was run before")
	}
	said := submission.statement
	for name, value := range map[string]string{
		"instance_id":          uuid5(by.instanceID, "gantral/child/"+call),
		"owning_team_id":       by.team,
		"workflow_id":          text(planned, "workflow_id"),
		"workflow_version_id":  text(planned, "workflow_version_id"),
		"human_actor_id":       by.initiator,
		"parent_artifact_hash": by.prevArtifact,
		"environment":          by.trust.environment,
	} {
		if said[name] != value {
			refuse("child", "the submission of "+call+" has another "+name)
		}
	}
	if said["started_from"] != nil {
		refuse("started_from", "a child is started by its parent, from nothing else")
	}
	c.order = append(c.order, call)
	c.told[call] = &told{call, text(said, "instance_id"), submission.hash, "", ""}
}

func (c *children) end(record obj) {
	one := c.told[text(record, "call")]
	if one == nil || one.state != "" {
		refuse("child_end", "no child that runs is "+text(record, "call"))
	}
	one.state, one.artifact = text(record, "state"), text(record, "artifact_hash")
}

func (c *children) open() []string {
	found := []string{}
	for _, call := range c.order {
		if c.told[call].state == "" {
			found = append(found, call)
		}
	}
	return found
}

// link judges each child with its parent where both are given, until nothing changes.
func link(reports []*report) {
	for changed := true; changed; {
		changed = false
		for _, one := range reports {
			changed = started(one, reports) || changed
			changed = ended(one, reports) || changed
		}
	}
}

// started settles a child's open finding by what its parent tells.
func started(child *report, reports []*report) bool {
	if !child.has("parent") {
		return false
	}
	for _, other := range reports {
		start := other.start(child.InstanceID)
		if start == nil && !other.running[child.parent] {
			continue
		}
		if start == nil || start.submission != child.submission {
			child.drop("parent")
			child.add(finding{"parent_link", "INVALID", "0", "its parent " + other.InstanceID + " tells no such start of it"})
			return true
		}
		// While it runs its parent has no end yet, which takes nothing from what it told so far.
		if other.only("no_end") {
			child.drop("parent")
			return true
		}
	}
	return false
}

func ended(parent *report, reports []*report) bool {
	if parent.has("child_link") {
		return false
	}
	for _, one := range parent.children {
		for _, other := range reports {
			if other.InstanceID == one.instanceID && other.ended && one.state != "" &&
				(one.state != other.State || one.artifact != other.last) {
				parent.add(finding{"child_link", "INVALID", "",
					"the child " + one.instanceID + " did not end as " + one.call + " says"})
				return true
			}
		}
	}
	return false
}
