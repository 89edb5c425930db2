package main

import "crypto/ed25519"

type trustedKey struct {
	public                            ed25519.PublicKey
	use, notBefore, notAfter, noLater string
	teams                             []string
}

type program struct{ team, workflow, version, notBefore, notAfter string }

// A trust file says whose keys may sign what, and which programs may run.
type trust struct {
	id, serial, digest, environment string
	previous, issued                string
	maxSkew                         int64
	keys                            map[string]trustedKey
	programs                        []program
	log                             *policy // nil: none
}

func distrust(member, message string) { refuse("trust", "member "+member+": "+message) }

// readTrust is strict; the members are those of docs/evidence/rules.md, section "Trust file".
func readTrust(data []byte) *trust {
	var file obj
	if wrong := try(func() { file = parseObject(data, maxBytes, maxDepth) }); wrong != nil {
		refuse("trust", wrong.message)
	}
	members(file, "the trust file", "type", "trust_id", "serial", "previous", "issued", "environment",
		"keys", "programs", "max_skew", "actor_claim", "log")
	want(file["type"] == "gantral.dev/trust/v1", "type", "must be gantral.dev/trust/v1")
	for _, name := range []string{"trust_id", "actor_claim"} {
		word, ok := file[name].(string)
		want(ok && word != "", name, "must be text")
	}
	want(matches(numberForm, file["serial"]), "serial", "must be a whole number as text")
	want(file["previous"] == "none" || matches(hex64Form, file["previous"]), "previous",
		"must be none or a SHA-256")
	want(isInstant(file["issued"]), "issued", "must be an instant")
	environment, _ := file["environment"].(string)
	want(environment == "development" || environment == "production", "environment",
		"must be one of the two words")
	log, ok := file["log"].(string)
	want(ok, "log", "must be none or a policy")
	word, _ := file["max_skew"].(string)
	skew, ok := readDuration(word)
	want(ok, "max_skew", "must be a canonical duration")
	keys, ok := file["keys"].(obj)
	want(ok, "keys", "must be an object")
	programs, ok := file["programs"].([]any)
	want(ok, "programs", "must be a list")
	found := &trust{
		id: text(file, "trust_id"), serial: text(file, "serial"), digest: plainHash(data),
		previous: text(file, "previous"), issued: text(file, "issued"),
		environment: environment, maxSkew: skew, keys: map[string]trustedKey{},
	}
	for keyid, entry := range keys {
		found.keys[keyid] = readKey(keyid, entry, environment)
	}
	if log != "none" {
		found.log = found.readLog(log)
	}
	for _, entry := range programs {
		found.programs = append(found.programs, readProgram(entry, environment))
	}
	return found
}

// readLog reads the policy of the log, whose keys stand among the trust file's, each under its use.
func (t *trust) readLog(text string) *policy {
	found := readPolicy(text)
	for i, key := range found.keys() {
		use := "witness"
		if i < len(found.logs) {
			use = "log"
		}
		listed, there := t.keys[key.keyid()]
		want(there && listed.use == use, "log", "the key of "+key.name+" is not among keys with the use "+use)
	}
	return found
}

func readKey(keyid string, entry any, environment string) trustedKey {
	place := "keys/" + short(keyid)
	one := members(entry, place, "alg", "public_key", "use", "teams", "environment", "not_before",
		"not_after", "compromised_from")
	want(one["alg"] == "ed25519", place, "alg must be ed25519")
	use, _ := one["use"].(string)
	want(contains([]string{"commit", "decision", "effect", "closer", "release", "erasure", "log", "witness"}, use),
		place, "unknown use")
	teams, ok := allTexts(one["teams"])
	want(ok && len(teams) > 0, place, "teams must be names")
	for _, team := range teams {
		want(nameForm.MatchString(team), place, "teams must be names")
	}
	life(one, place, environment)
	stolen, _ := one["compromised_from"].(string)
	want(stolen == "none" || isInstant(stolen), place, "compromised_from must be none or an instant")
	want(matches(hex64Form, one["public_key"]), place, "public_key must be 64 hex digits")
	public, wrong := publicKey(text(one, "public_key"))
	want(wrong == "", place, wrong)
	want(plainHash(public) == keyid, place, "is not the SHA-256 of its public key")
	return trustedKey{public, use, text(one, "not_before"), text(one, "not_after"), stolen, teams}
}

func readProgram(entry any, environment string) program {
	one := members(entry, "programs", "owning_team_id", "workflow_id", "workflow_version_id",
		"environment", "not_before", "not_after")
	want(matches(nameForm, one["owning_team_id"]) && matches(nameForm, one["workflow_id"]) &&
		matches(hex64Form, one["workflow_version_id"]), "programs", "names a program by team, workflow and version")
	life(one, "programs", environment)
	return program{text(one, "owning_team_id"), text(one, "workflow_id"),
		text(one, "workflow_version_id"), text(one, "not_before"), text(one, "not_after")}
}

func life(one obj, place, environment string) {
	want(isInstant(one["not_before"]), place, "not_before must be an instant")
	want(one["not_after"] == "none" || isInstant(one["not_after"]), place, "not_after must be none or an instant")
	want(one["environment"] == environment, place, "is of another environment: the two never mix")
}

func members(value any, place string, names ...string) obj {
	found, ok := value.(obj)
	want(ok, place, "must be an object")
	for _, name := range names {
		_, there := found[name]
		want(there, place, "lacks the member "+name)
	}
	want(len(found) == len(names), place, "has an unknown member")
	return found
}

func want(condition bool, member, message string) {
	if !condition {
		distrust(member, message)
	}
}

func matches(form interface{ MatchString(string) bool }, value any) bool {
	word, ok := value.(string)
	return ok && form.MatchString(word)
}

// allows says whether the program of that team was allowed to run then.
func (t *trust) allows(team, workflow, version, at string) bool {
	for _, one := range t.programs {
		if one.team == team && one.workflow == workflow && one.version == version &&
			one.notBefore <= at && (one.notAfter == "none" || at <= one.notAfter) {
			return true
		}
	}
	return false
}
