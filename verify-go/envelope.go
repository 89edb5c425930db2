package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
)

// A sealed statement: read strictly, its signature not judged yet. hash is H(kind, payload).
type sealed struct {
	kind      string
	statement obj
	payload   []byte
	keyid     string
	signature []byte
	hash      string
}

func payloadType(kind string) string { return "application/vnd.gantral." + kind + ".v1+json" }

func readEnvelope(data []byte, kind string) *sealed {
	return unwrap(parseObject(data, maxEnvelope, maxDepth), kind)
}

// unwrap reads an envelope's exact members and its payload in canonical bytes.
func unwrap(value any, kind string) *sealed {
	envelope, ok := value.(obj)
	if !ok || len(envelope) != 3 || envelope["payloadType"] != payloadType(kind) {
		refuse("envelope", "no envelope of the kind "+kind)
	}
	signatures, ok := envelope["signatures"].([]any)
	if !ok || len(signatures) != 1 {
		refuse("envelope", "an envelope has exactly one signature")
	}
	one, ok := signatures[0].(obj)
	if !ok || len(one) != 2 {
		refuse("envelope", "a signature has exactly keyid and sig")
	}
	keyid, ok := one["keyid"].(string)
	if !ok {
		refuse("envelope", "a signature has exactly keyid and sig")
	}
	payload, signature := decode(envelope["payload"]), decode(one["sig"])
	if len(signature) != ed25519.SignatureSize {
		refuse("envelope", "a signature has 64 bytes")
	}
	statement := parseObject(payload, maxBytes, maxDepth)
	if wanted := "gantral.dev/" + kind + "/v1"; statement["type"] != wanted {
		if _, known := statement["type"].(string); known {
			unknown("version", "the statement's type is not "+wanted)
		}
		refuse("version", "the statement has no type")
	}
	return &sealed{kind, statement, payload, keyid, signature, H(kind, payload)}
}

func decode(value any) []byte {
	encoded, ok := value.(string)
	if !ok {
		refuse("envelope", "base64 text is wanted")
	}
	data, err := base64.StdEncoding.Strict().DecodeString(encoded)
	// Encoded again: line ends, which Go's reader passes over, must not stand there either.
	if err != nil || base64.StdEncoding.EncodeToString(data) != encoded {
		refuse("envelope", "not standard padded base64")
	}
	return data
}

// judge demands that a key of one of these uses, of this team, valid at that instant, signed it.
func (t *trust) judge(one *sealed, team, at string, uses ...string) string {
	key, there := t.keys[one.keyid]
	if !there {
		unknown("key_unknown", "key "+short(one.keyid)+" is not in the trust file")
	}
	if !contains(uses, key.use) {
		refuse("key_use", "a "+key.use+" key signed a "+one.kind)
	}
	kind := payloadType(one.kind)
	signed := fmt.Sprintf("DSSEv1 %d %s %d %s", len(kind), kind, len(one.payload), one.payload)
	if !ed25519.Verify(key.public, []byte(signed), one.signature) {
		refuse("signature", "the signature of key "+one.keyid+" does not hold")
	}
	if !contains(key.teams, team) {
		refuse("key_team", "key "+one.keyid+" is not of team "+team)
	}
	// Instants of one fixed form compare as text.
	if at < key.notBefore || (key.notAfter != "none" && at > key.notAfter) {
		refuse("key_lifetime", "key "+one.keyid+" is not valid at "+at)
	}
	if key.noLater != "none" && at >= key.noLater {
		refuse("key_compromised", "key "+one.keyid+" is compromised from "+key.noLater+" on")
	}
	return key.use
}
