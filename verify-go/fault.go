package main

// A fault is one broken rule. Rules are named as docs/evidence/rules.md names them.
type fault struct {
	code         string
	message      string
	inconclusive bool
}

func (f fault) finding(commit string) finding {
	if f.inconclusive {
		return finding{f.code, "INCONCLUSIVE", commit, f.message}
	}
	return finding{f.code, "INVALID", commit, f.message}
}

// refuse ends the judging of what is being read: the first broken rule is enough to say no.
func refuse(code, message string) {
	panic(fault{code, message, false})
}

// unknown ends it as well, but nothing is known to be wrong: it is missing, or from a later format.
func unknown(code, message string) {
	panic(fault{code, message, true})
}

// try runs what may refuse, and gives back the fault, if there was one.
func try(run func()) (found *fault) {
	defer func() {
		if caught := recover(); caught != nil {
			one, ours := caught.(fault)
			if !ours {
				panic(caught)
			}
			found = &one
		}
	}()
	run()
	return nil
}

func short(text string) string {
	if runes := []rune(text); len(runes) > 80 {
		return string(runes[:80])
	}
	return text
}
