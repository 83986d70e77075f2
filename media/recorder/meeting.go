package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
)

const (
	joinMost  = 5 * time.Second
	tickEvery = 250 * time.Millisecond
)

// event is one line of a segment's manifest; docs/vault-format.md says what each means.
type event struct {
	Event     string `json:"e"`
	Segment   int    `json:"segment,omitempty"`
	StartedMs int64  `json:"started_ms,omitempty"`
	File      string `json:"file,omitempty"`
	Sid       string `json:"sid,omitempty"`
	Identity  string `json:"identity,omitempty"`
	Name      string `json:"name,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Source    string `json:"source,omitempty"`
	Mime      string `json:"mime,omitempty"`
	StartMs   int64  `json:"start_ms,omitempty"`
	AtMs      int64  `json:"at_ms,omitempty"`
	Width     int    `json:"width,omitempty"`
	Height    int    `json:"height,omitempty"`
	Frames    int    `json:"frames,omitempty"`
}

// order is what the app asks for.
type order struct {
	Room    string `json:"room"`
	URL     string `json:"url"`
	Token   string `json:"token"`
	Folder  string `json:"folder"`
	Key     []byte `json:"key"`
	Segment int    `json:"segment"`
}

// meeting records one room: one segment, from joining to the end.
type meeting struct {
	id      string
	folder  string
	key     []byte
	segment int
	started time.Time
	logger  *slog.Logger

	manifest *vaultFile
	wait     sync.WaitGroup
	quit     chan struct{}
	once     sync.Once

	mu      sync.Mutex
	room    *lksdk.Room
	tracks  map[*track]bool
	parts   map[string]int
	state   string
	error   string
	closing bool
}

// startMeeting joins and answers once the first line of the manifest is on disk.
func startMeeting(id string, o order, logger *slog.Logger) (*meeting, error) {
	if len(o.Key) != 32 {
		return nil, errors.New("the key has to be 32 bytes")
	}
	if !filepath.IsAbs(o.Folder) {
		return nil, errors.New("the folder has to be a whole path")
	}
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("the folder cannot be made: %w", plain(err))
	}
	m := &meeting{id: id, folder: o.Folder, key: o.Key, segment: o.Segment, started: time.Now(), logger: logger,
		tracks: map[*track]bool{}, parts: map[string]int{}, state: "recording", quit: make(chan struct{})}
	name := fmt.Sprintf("manifest-%d.ctv", o.Segment)
	manifest, err := createVault(filepath.Join(o.Folder, name), id+"/"+name, o.Key)
	if err != nil {
		return nil, fmt.Errorf("the manifest cannot be written: %w", plain(err))
	}
	m.manifest = manifest
	err = m.addLine(event{Event: "segment", Segment: o.Segment, StartedMs: m.started.UnixMilli()})
	if err == nil {
		err = m.join(o)
	}
	if err != nil {
		m.close()
		_ = os.Remove(filepath.Join(o.Folder, name))
		return nil, err
	}
	go m.keepFlushing()
	return m, nil
}

// join enters the room. What the SDK says of a failure may hold the token, so it is not repeated.
func (m *meeting) join(o order) error {
	type outcome struct {
		room *lksdk.Room
		err  error
	}
	joined := make(chan outcome, 1)
	go func() {
		room, err := lksdk.ConnectToRoomWithToken(o.URL, o.Token, m.callbacks(), lksdk.WithAutoSubscribe(true))
		joined <- outcome{room, err}
	}()
	select {
	case got := <-joined:
		if got.err != nil {
			return errors.New("the media server did not let the recorder into the room")
		}
		m.mu.Lock()
		m.room = got.room
		over := m.closing
		m.mu.Unlock()
		if over {
			got.room.Disconnect()
			return errors.New("the room ended at once")
		}
		return nil
	case <-time.After(joinMost):
		go func() {
			if late := <-joined; late.err == nil {
				late.room.Disconnect()
			}
		}()
		return errors.New("the media server did not answer in time")
	}
}

func (m *meeting) callbacks() *lksdk.RoomCallback {
	return &lksdk.RoomCallback{
		OnDisconnectedWithReason: m.disconnected,
		// The SDK would try for long; the app begins a new segment as soon as there is a room again.
		OnReconnecting: func() { go m.end("lost", "the connection to the media server was lost") },
		ParticipantCallback: lksdk.ParticipantCallback{
			OnTrackSubscribed: m.subscribed,
			OnTrackMuted:      func(p lksdk.TrackPublication, _ lksdk.Participant) { m.mute(p.SID(), true) },
			OnTrackUnmuted:    func(p lksdk.TrackPublication, _ lksdk.Participant) { m.mute(p.SID(), false) },
		},
	}
}

func (m *meeting) subscribed(remote *webrtc.TrackRemote, publication *lksdk.RemoteTrackPublication, who *lksdk.RemoteParticipant) {
	t := newTrack(m, remote, publication, who)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return
	}
	m.tracks[t] = true
	m.wait.Add(1)
	go func() {
		defer m.wait.Done()
		t.run()
		m.mu.Lock()
		delete(m.tracks, t)
		m.mu.Unlock()
	}()
}

func (m *meeting) mute(sid string, muted bool) {
	for _, t := range m.open() {
		if t.sid == sid {
			t.mute(muted)
		}
	}
}

func (m *meeting) open() []*track {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.tracks))
}

// partName names the next file of a track: no name is ever used twice.
func (m *meeting) partName(sid string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.parts[sid]++
	if count := m.parts[sid]; count > 1 {
		return fmt.Sprintf("s%d-%s-%d.ctv", m.segment, sid, count)
	}
	return fmt.Sprintf("s%d-%s.ctv", m.segment, sid)
}

func (m *meeting) sinceStart() int64 { return time.Since(m.started).Milliseconds() }

func (m *meeting) log(message string, args ...any) {
	m.logger.Info(message, append([]any{"recording", m.id}, args...)...)
}

// note adds a line to the manifest, on disk at once.
func (m *meeting) note(e event) {
	if err := m.addLine(e); err != nil {
		m.fail(err)
	}
}

func (m *meeting) addLine(e event) error {
	line, err := json.Marshal(e)
	if err == nil {
		_, err = m.manifest.Write(append(line, '\n'))
	}
	if err == nil {
		err = m.manifest.Flush()
	}
	if err != nil {
		return fmt.Errorf("the manifest cannot be written: %w", plain(err))
	}
	return nil
}

// trouble is kept for the app to see; the recording goes on.
func (m *meeting) trouble(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.error = text
}

// fail gives the segment up: what is on disk stays readable, and the app begins a new one.
func (m *meeting) fail(err error) {
	go m.end("lost", "the disk does not take the recording: "+plain(err).Error())
}

func (m *meeting) disconnected(reason lksdk.DisconnectionReason) {
	switch reason {
	case lksdk.DuplicateIdentity, lksdk.ParticipantRemoved, lksdk.Failed:
		go m.end("lost", "the media server put the recorder out of the room")
	default: // the room was deleted or the server is going down; the SDK tells no more
		go m.end("stopped", "")
	}
}

func (m *meeting) end(state, why string) {
	m.mu.Lock()
	first := m.state == "recording" && !m.closing
	if first {
		m.state, m.error = state, why
	}
	m.mu.Unlock()
	if first {
		m.log("segment over", "state", state, "error", why)
	}
	m.close()
}

func (m *meeting) keepFlushing() {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-m.quit:
			return
		case now := <-ticker.C:
			for _, t := range m.open() {
				if err := t.flush(now); err != nil {
					m.fail(err)
				}
			}
		}
	}
}

// close leaves the room and ends every file with its final chunk. It returns when that is done.
func (m *meeting) close() {
	m.once.Do(func() {
		m.mu.Lock()
		m.closing = true
		room := m.room
		m.mu.Unlock()
		if room != nil {
			room.Disconnect()
		}
		for _, t := range m.open() {
			_ = t.remote.SetReadDeadline(time.Now()) // the connection may take long to notice
		}
		m.wait.Wait()
		close(m.quit)
		m.note(event{Event: "stop", AtMs: m.sinceStart()})
		_ = m.manifest.Close()
		m.mu.Lock()
		if m.state == "recording" {
			m.state = "stopped"
		}
		m.mu.Unlock()
	})
}

// plain is what the system says, without the path that Go puts before it.
func plain(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}

type trackStatus struct {
	Sid       string `json:"sid"`
	Identity  string `json:"identity"`
	Kind      string `json:"kind"`
	Source    string `json:"source"`
	Bytes     int64  `json:"bytes"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	FlushedMs int64  `json:"flushed_ms"`
}

type status struct {
	ID        string        `json:"id"`
	State     string        `json:"state"`
	Segment   int           `json:"segment"`
	StartedMs int64         `json:"started_ms"`
	Error     string        `json:"error"`
	Tracks    []trackStatus `json:"tracks"`
}

func (m *meeting) status() status {
	m.mu.Lock()
	s := status{ID: m.id, State: m.state, Segment: m.segment, StartedMs: m.started.UnixMilli(), Error: m.error,
		Tracks: []trackStatus{}}
	m.mu.Unlock()
	for _, t := range m.open() {
		if one, open := t.status(); open {
			s.Tracks = append(s.Tracks, one)
		}
	}
	return s
}
