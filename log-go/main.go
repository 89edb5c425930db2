// gantral-log: a transparency log of commit hashes, kept by Tessera in a folder.
//
// It listens, takes entries at POST /add, and shows what tlog-tiles shows: /checkpoint and /tile/.
// README.md says the rest.
package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
)

const (
	mostBody    = 1 << 20
	mostEntries = 1024
	// A checkpoint is published so often at most; one add waits for at most as long.
	publish = time.Second
	batch   = 250 * time.Millisecond
)

// What Gantral's entries look like (docs/evidence/log.md). Nothing else gets in: a reader who knows
// this form knows that nothing hides behind another one.
var entryForm = regexp.MustCompile(`^\["gantral\.dev/log-entry/v1","[a-z][a-z0-9_]{0,62}",` +
	`"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}","(0|[1-9][0-9]{0,7})","[0-9a-f]{64}"\]$`)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gantral-log:", err)
		os.Exit(1)
	}
}

func run() error {
	dir := flag.String("dir", "", "the log's folder")
	trust := flag.String("trust", "", "the trust file whose member log names this log and its witnesses")
	key := flag.String("key", "", "the log's private key, as gantral keys new --use log writes it")
	listen := flag.String("listen", "127.0.0.1:8089", "HOST:PORT; port 0 is any free one, and is told")
	tokenFile := flag.String("token", "", "a file; who adds then has to show its first line as a bearer token")
	flag.Parse()
	if *dir == "" || *trust == "" || *key == "" || flag.NArg() > 0 {
		return errors.New("-dir, -trust and -key are needed, and nothing else beside -listen and -token")
	}
	token, err := readToken(*tokenFile)
	if err != nil {
		return err
	}
	signer, policy, err := readTrust(*trust, *key)
	if err != nil {
		return err
	}
	witnesses, err := tessera.NewWitnessGroupFromPolicy([]byte(policy))
	if err != nil {
		return fmt.Errorf("the policy of the trust file: %w", err)
	}
	// The folder is written by one process: Tessera locks what it writes, and the kernel lets go of
	// the lock when the process ends.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// Its own end is told by shutdown, not by the signal: what was taken is still published.
	running, cancel := context.WithCancel(context.Background())
	defer cancel()
	driver, err := posix.New(running, posix.Config{Path: *dir})
	if err != nil {
		return err
	}
	appender, shutdown, _, err := tessera.NewAppender(running, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(publish).
		WithBatching(tessera.DefaultBatchMaxSize, batch).
		WithAntispam(tessera.DefaultAntispamInMemorySize, nil).
		WithWitnesses(witnesses, nil))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler(*dir, token, appender.Add), ReadHeaderTimeout: 5 * time.Second}
	fmt.Printf("the log %s listens on http://%s\n", signer.Name(), listener.Addr())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		closing, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		err = server.Shutdown(closing)
	}
	return errors.Join(err, shutdown(context.Background()))
}

func readToken(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(data), "\n")
	if len(line) < 16 {
		return "", fmt.Errorf("%s: a token has at least 16 characters", path)
	}
	return line, nil
}

func handler(dir, token string, add tessera.AddFn) http.Handler {
	files := http.FileServer(http.Dir(dir))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /checkpoint", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		files.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /tile/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=31536000, immutable")
		w.Header().Set("Content-Type", "application/octet-stream")
		files.ServeHTTP(w, r)
	})
	mux.HandleFunc("POST /add", func(w http.ResponseWriter, r *http.Request) {
		shown := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if token != "" && subtle.ConstantTimeCompare([]byte(shown), []byte(token)) != 1 {
			http.Error(w, "another token", http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		addAll(w, r, string(body), add)
	})
	return mux
}

// addAll adds the entries, one a line, all or none of them well formed. It answers when all of them
// have their place on the disk, with their indexes; they are published soon after.
func addAll(w http.ResponseWriter, r *http.Request, body string, add tessera.AddFn) {
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if len(lines) > mostEntries {
		http.Error(w, "too many entries", http.StatusRequestEntityTooLarge)
		return
	}
	for _, line := range lines {
		if !entryForm.MatchString(line) {
			http.Error(w, "no entry of Gantral's", http.StatusBadRequest)
			return
		}
	}
	places := make([]tessera.IndexFuture, 0, len(lines))
	for _, line := range lines {
		places = append(places, add(r.Context(), tessera.NewEntry([]byte(line))))
	}
	var told strings.Builder
	for _, place := range places {
		index, err := place()
		if errors.Is(err, tessera.ErrPushback) {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many at once", http.StatusServiceUnavailable)
			return
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(&told, "%d\n", index.Index)
	}
	io.WriteString(w, told.String())
}
