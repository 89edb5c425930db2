package main

import "strings"

// What one chain tells of a child: the call, the child's instance, the hash of its submission, and its
// end: the state, "" while it runs, the hash of the artifact that says so, and what it left standing.
type told struct {
	call, instanceID, submission, state, artifact string
	standing                                      []string
	said                                          bool // whether it says what it left
}

type children struct {
	planned obj
	order   []string
	told    map[string]*told
	left    *left
}

func newChildren(manifest obj, maxSkew int64) *children {
	planned, _ := manifest["children"].(obj)
	return &children{planned, nil, map[string]*told{}, newLeft(maxSkew)}
}

// at is the manifest's entry of a child that is run by this call, at its place in its loops.
func (c *children) at(call string) obj {
	parts := strings.Split(call, "/")
	if len(parts) < 2 {
		return nil
	}
	entry, _ := c.planned[parts[0]+"/"+parts[1]].(obj)
	if entry == nil || !inLoops(entry, parts[2:]) {
		return nil
	}
	return entry
}

func (c *children) start(by *walk, call string, submission *sealed) {
	planned := c.at(call)
	if planned == nil {
		refuse("child", "the program runs no child at "+call)
	}
	if c.told[call] != nil {
		refuse("child_twice", call+" was run before")
	}
	said := submission.statement
	instanceID := uuid5(by.instanceID, "gantral/child/"+call)
	if planned["keyed"] == "true" {
		if said["business_key"] == "none" {
			refuse("child", call+" runs once per key, and names none")
		}
		// Of its key, nobody without the team's pepper can tell which id that gives.
		instanceID = text(said, "instance_id")
	}
	for name, value := range map[string]string{
		"instance_id":          instanceID,
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
	c.told[call] = &told{call, text(said, "instance_id"), submission.hash, "", "", nil, false}
}

func (c *children) end(record obj) {
	one := c.told[text(record, "call")]
	if one == nil || one.state != "" {
		refuse("child_end", "no child that runs is "+text(record, "call"))
	}
	// Before what children did could be undone, nothing was said of what they left.
	named, said := record["standing"].([]any)
	standing := texts(named)
	for i, name := range standing {
		if text(record, "state") != "COMPLETED" || (i > 0 && standing[i-1] >= name) {
			refuse("child_end", "only what completed leaves something, each told once")
		}
		c.left.stood[name] = true
	}
	one.state, one.artifact = text(record, "state"), text(record, "artifact_hash")
	one.standing, one.said = standing, said
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
