package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
)

// signer signs checkpoints as C2SP signed-note has it, with an Ed25519 key (type 1).
type signer struct {
	name string
	key  ed25519.PrivateKey
}

func (s signer) Name() string { return s.name }

func (s signer) KeyHash() uint32 {
	public := s.key.Public().(ed25519.PublicKey)
	sum := sha256.Sum256(append([]byte(s.name+"\n\x01"), public...))
	return binary.BigEndian.Uint32(sum[:4])
}

func (s signer) Sign(message []byte) ([]byte, error) { return ed25519.Sign(s.key, message), nil }

// readTrust reads the key, and from the trust file's policy the log's name, which is the one that
// stands beside this key: a key that no verifier is told of signs nothing.
func readTrust(trustFile, keyFile string) (signer, string, error) {
	key, err := readKey(keyFile)
	if err != nil {
		return signer{}, "", err
	}
	data, err := os.ReadFile(trustFile)
	if err != nil {
		return signer{}, "", err
	}
	var trust struct {
		Log string `json:"log"`
	}
	if err := json.Unmarshal(data, &trust); err != nil {
		return signer{}, "", fmt.Errorf("%s: %w", trustFile, err)
	}
	wanted := append([]byte{1}, key.Public().(ed25519.PublicKey)...)
	for _, line := range strings.Split(trust.Log, "\n") {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "log" {
			continue
		}
		parts := strings.Split(words[1], "+")
		if len(parts) < 3 {
			continue
		}
		// Base64 has the plus too.
		raw, err := base64.StdEncoding.DecodeString(strings.Join(parts[2:], "+"))
		if err == nil && bytes.Equal(raw, wanted) {
			return signer{parts[0], key}, trust.Log, nil
		}
	}
	return signer{}, "", fmt.Errorf("%s: its member log does not name the key %s", trustFile, keyFile)
}

func readKey(path string) (ed25519.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(data)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("%s: no PEM", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New(path + ": no Ed25519 key")
	}
	return private, nil
}
