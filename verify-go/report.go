package main

// A finding is one broken rule. Its commit is a number, or "" when it is about the folder.
type finding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Commit   string `json:"commit"`
	Message  string `json:"message"`
}

// A report is the verdict on one folder.
type report struct {
	Folder     string            `json:"path"`
	Verdict    string            `json:"verdict"`
	InstanceID string            `json:"instance_id"`
	State      string            `json:"state"`
	Decisions  map[string]string `json:"decisions"`
	Findings   []finding         `json:"findings"`

	commits                  []string
	parent, submission, last string
	ended                    bool
	children                 []*told
	running                  map[string]bool
	standing                 []string           // what stood when it ended
	undos                    map[[2]string]bool // by which it undid what children left
	undone                   map[string]bool    // what it says is undone by that
	late, lateUndone         map[string]bool    // hashes of undos after its end, and what they undid
}

func (r *report) add(one finding) {
	r.Findings = append(r.Findings, one)
	r.Verdict = verdict(r.Findings)
}

func (r *report) drop(code string) {
	kept := []finding{}
	for _, one := range r.Findings {
		if one.Code != code {
			kept = append(kept, one)
		}
	}
	r.Findings = kept
	r.Verdict = verdict(kept)
}

func (r *report) has(code string) bool {
	for _, one := range r.Findings {
		if one.Code == code {
			return true
		}
	}
	return false
}

func (r *report) only(code string) bool {
	for _, one := range r.Findings {
		if one.Code != code {
			return false
		}
	}
	return true
}

func (r *report) start(instanceID string) *told {
	for _, one := range r.children {
		if one.instanceID == instanceID {
			return one
		}
	}
	return nil
}

// verdict: any INVALID wins, else any INCONCLUSIVE, else VALID.
func verdict(findings []finding) string {
	word := "VALID"
	for _, one := range findings {
		if one.Severity == "INVALID" {
			return "INVALID"
		}
		word = "INCONCLUSIVE"
	}
	return word
}

// forks finds two folders that tell one instance otherwise at the same number. A shorter copy of one
// chain, or other signatures on the same payloads, is none.
func forks(reports []*report) {
	for _, one := range reports {
		for _, other := range reports {
			if one.InstanceID == "" || one.InstanceID != other.InstanceID || one.has("fork") {
				continue
			}
			for n := range one.commits {
				if n < len(other.commits) && one.commits[n] != other.commits[n] {
					number := itoa(n)
					one.add(finding{"fork", "INVALID", number,
						"another folder tells commit " + number + " of " + one.InstanceID + " otherwise"})
					break
				}
			}
		}
	}
}
