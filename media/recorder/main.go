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
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
)

const longestOrder = 64 * 1024

var goodID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// slot holds what is recorded under one id. Its lock is held for as long as that starts or stops.
type slot struct {
	mu      sync.Mutex
	meeting atomic.Pointer[meeting]
}

type recorder struct {
	mu       sync.Mutex
	slots    map[string]*slot
	stopping bool
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
	// A little more work for less memory: a school's machine has other use for it than our garbage.
	debug.SetGCPercent(75)
	lksdk.SetLogger(logger.LogRLogger(logr.Discard())) // its lines would carry names
	_ = os.Remove(*socket)
	old := syscall.Umask(0o177)
	listener, err := net.Listen("unix", *socket)
	syscall.Umask(old)
	if err != nil {
		log.Error("cannot listen", "error", err.Error())
		os.Exit(1)
	}
	r := &recorder{slots: map[string]*slot{}, logger: log}
	server := &http.Server{Handler: r.routes(), ReadHeaderTimeout: 5 * time.Second}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("stopped", "error", err.Error())
			cancel()
		}
	}()
	<-stop.Done()
	r.closeAll()
	_ = server.Close()
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
	place := r.slot(id)
	place.mu.Lock()
	defer place.mu.Unlock()
	if running := place.meeting.Load(); running != nil {
		if now := running.status(); now.State == "recording" && now.Segment >= o.Segment {
			answer(w, http.StatusOK, now)
			return
		}
		running.close()
	}
	r.mu.Lock()
	stopping := r.stopping
	r.mu.Unlock()
	if stopping {
		answer(w, http.StatusServiceUnavailable, map[string]string{"error": "the recorder is stopping"})
		return
	}
	m, err := startMeeting(id, o, r.logger)
	if err != nil {
		r.logger.Warn("cannot record", "recording", id, "error", err.Error())
		answer(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
		return
	}
	place.meeting.Store(m)
	answer(w, http.StatusOK, m.status())
}

func (r *recorder) slot(id string) *slot {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slots[id] == nil {
		r.slots[id] = &slot{}
	}
	return r.slots[id]
}

func (r *recorder) list(w http.ResponseWriter, _ *http.Request) {
	found := []status{}
	for _, place := range r.all() {
		if m := place.meeting.Load(); m != nil {
			found = append(found, m.status())
		}
	}
	answer(w, http.StatusOK, found)
}

func (r *recorder) stop(w http.ResponseWriter, req *http.Request) {
	r.slot(req.PathValue("id")).empty()
	answer(w, http.StatusOK, map[string]bool{"ok": true})
}

func (s *slot) empty() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meeting.Load(); m != nil {
		m.close()
		s.meeting.Store(nil)
	}
}

func (r *recorder) all() []*slot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.slots))
}

func (r *recorder) closeAll() {
	r.mu.Lock()
	r.stopping = true
	r.mu.Unlock()
	var wait sync.WaitGroup
	for _, place := range r.all() {
		wait.Go(place.empty)
	}
	wait.Wait()
}

func answer(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value)
}
