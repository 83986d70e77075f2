// The recorder: one process for all meetings. It joins each room as a hidden participant and writes every
// track as it arrives, encrypted, one Matroska each. The app tells it what to do over a unix socket.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"sync"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
)

const longestOrder = 64 * 1024

var goodID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

type recorder struct {
	mu       sync.Mutex
	meetings map[string]*meeting
	logger   *slog.Logger
}

func main() {
	socket := flag.String("socket", "", "where the app talks to this recorder")
	flag.Parse()
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	if *socket == "" {
		log.Error("say where to listen: --socket PATH")
		os.Exit(2)
	}
	lksdk.SetLogger(logger.LogRLogger(logr.Discard())) // its lines would carry names
	_ = os.Remove(*socket)
	old := syscall.Umask(0o177)
	listener, err := net.Listen("unix", *socket)
	syscall.Umask(old)
	if err != nil {
		log.Error("cannot listen", "error", err.Error())
		os.Exit(1)
	}
	r := &recorder{meetings: map[string]*meeting{}, logger: log}
	server := &http.Server{Handler: r.routes(), ReadHeaderTimeout: 5 * time.Second}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		<-stop.Done()
		r.closeAll()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		log.Error("stopped", "error", err.Error())
		os.Exit(1)
	}
	r.closeAll()
}

func (r *recorder) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /recordings", r.list)
	mux.HandleFunc("PUT /recordings/{id}", r.start)
	mux.HandleFunc("DELETE /recordings/{id}", r.stop)
	return mux
}

func (r *recorder) start(w http.ResponseWriter, req *http.Request) {
	id := req.PathValue("id")
	var o order
	if err := json.NewDecoder(io.LimitReader(req.Body, longestOrder)).Decode(&o); err != nil || !goodID.MatchString(id) {
		answer(w, http.StatusBadRequest, map[string]string{"error": "the order was not understood"})
		return
	}
	r.mu.Lock()
	running := r.meetings[id]
	r.mu.Unlock()
	if running != nil {
		if now := running.status(); now.State == "recording" && now.Segment >= o.Segment {
			answer(w, http.StatusOK, now)
			return
		}
		running.close()
	}
	m, err := startMeeting(id, o, r.logger)
	if err != nil {
		r.logger.Warn("cannot record", "recording", id, "error", err.Error())
		answer(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
		return
	}
	r.mu.Lock()
	r.meetings[id] = m
	r.mu.Unlock()
	answer(w, http.StatusOK, m.status())
}

func (r *recorder) list(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	found := make([]status, 0, len(r.meetings))
	for _, m := range r.meetings {
		found = append(found, m.status())
	}
	r.mu.Unlock()
	answer(w, http.StatusOK, found)
}

func (r *recorder) stop(w http.ResponseWriter, req *http.Request) {
	id := req.PathValue("id")
	r.mu.Lock()
	m := r.meetings[id]
	delete(r.meetings, id)
	r.mu.Unlock()
	if m != nil {
		m.close()
	}
	answer(w, http.StatusOK, map[string]bool{"ok": true})
}

func (r *recorder) closeAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	var wait sync.WaitGroup
	for _, m := range r.meetings {
		wait.Add(1)
		go func() { defer wait.Done(); m.close() }()
	}
	wait.Wait()
	r.meetings = map[string]*meeting{}
}

func answer(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value)
}
