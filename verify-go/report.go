package main

// A finding is one broken rule. Its commit is a number, or "" when it is about the folder.
type finding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Commit   string `json:"commit"`
	Message  string `json:"message"`
}

// A report is the verdict on one instance, on a disclosure, or on a bundle's file itself.
type report struct {
	Path       string
	Verdict    string
	InstanceID string // as the evidence says it
	State      string
	Decisions  map[string]string
	Findings   []finding
	Disclosed  *disclosed
	Whole      *completed // of a bundle's file: what a log in it shows

	listed                   string // the instance's id as it is told of it: in a bundle, its place there
	inBundle, ofFile         bool
	part                     string // in words, that its bundle was asked for some instances alone
	commits                  []string
	parent, submission, last string
	ended                    bool
	children                 []*told
	running, named           map[string]bool
	team                     string
	seen                     map[seen]bool      // the checkpoints under which it stands
	tree                     *leafTree          // of a bundle's file: the log's entries in it
	standing                 []string           // what stood when it ended
	undos                    map[[2]string]bool // by which it undid what children left
	undone                   map[string]bool    // what it says is undone by that
	late, lateUndone         map[string]bool    // hashes of undos after its end, and what they undid
}

func newReport(path string) *report {
	return &report{Path: path, Verdict: "VALID", State: "none", Decisions: map[string]string{},
		Findings: []finding{}, parent: "none"}
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

func (r *report) only(codes ...string) bool {
	for _, one := range r.Findings {
		if !contains(codes, one.Code) {
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
		word = worse(word, one.Severity)
	}
	return word
}

func worse(one, other string) string {
	if exits[one] == 1 || exits[other] == 0 {
		return one
	}
	return other
}
