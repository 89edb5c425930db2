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
