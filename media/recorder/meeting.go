package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
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

	room     *lksdk.Room
	manifest *vaultFile
	wait     sync.WaitGroup

	mu     sync.Mutex
	tracks map[string]*trackFile
	state  string
	error  string
	quit   chan struct{}
	once   sync.Once
}

// startMeeting joins and answers once the first line of the manifest is on disk.
func startMeeting(id string, o order, logger *slog.Logger) (*meeting, error) {
	if len(o.Key) != 32 {
		return nil, fmt.Errorf("the key has to be 32 bytes")
	}
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("the folder cannot be made: %w", err)
	}
	m := &meeting{id: id, folder: o.Folder, key: o.Key, segment: o.Segment, started: time.Now(), logger: logger,
		tracks: map[string]*trackFile{}, state: "recording", quit: make(chan struct{})}
	name := fmt.Sprintf("manifest-%d.ctv", o.Segment)
	manifest, err := createVault(filepath.Join(o.Folder, name), id+"/"+name, o.Key)
	if err != nil {
		return nil, fmt.Errorf("the manifest cannot be written: %w", err)
	}
	m.manifest = manifest
	m.note(event{Event: "segment", Segment: o.Segment, StartedMs: m.started.UnixMilli()})
	callback := &lksdk.RoomCallback{
		OnDisconnectedWithReason: func(reason lksdk.DisconnectionReason) { m.disconnected(reason) },
		ParticipantCallback: lksdk.ParticipantCallback{
			OnTrackSubscribed: func(track *webrtc.TrackRemote, publication *lksdk.RemoteTrackPublication, who *lksdk.RemoteParticipant) {
				file := newTrackFile(m, track, publication, who)
				m.wait.Add(1)
				go func() {
					defer m.wait.Done()
					file.run()
				}()
			},
		},
	}
	room, err := lksdk.ConnectToRoomWithToken(o.URL, o.Token, callback, lksdk.WithAutoSubscribe(true))
	if err != nil {
		_ = manifest.Close()
		_ = os.Remove(filepath.Join(o.Folder, name))
		return nil, fmt.Errorf("the room cannot be joined: %w", err)
	}
	m.room = room
	go m.keepFlushing()
	return m, m.firstError()
}

func (m *meeting) firstError() error {
	_, _, err := m.manifest.progress()
	return err
}

func (m *meeting) sinceStart() int64 { return time.Since(m.started).Milliseconds() }

func (m *meeting) log(message string, args ...any) {
	m.logger.Info(message, append([]any{"recording", m.id}, args...)...)
}

// note adds a line to the manifest, on disk at once.
func (m *meeting) note(e event) {
	line, err := json.Marshal(e)
	if err == nil {
		_, err = m.manifest.Write(append(line, '\n'))
	}
	if err == nil {
		err = m.manifest.Flush()
	}
	if err != nil {
		m.fail(err)
	}
}

func (m *meeting) opened(t *trackFile) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tracks[t.fileName] = t
}

// trouble is kept for the app to see; the recording goes on.
func (m *meeting) trouble(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.error = text
}

// fail gives the segment up: what is on disk stays readable, and the app begins a new one.
func (m *meeting) fail(err error) {
	m.mu.Lock()
	if m.state == "recording" {
		m.state, m.error = "lost", "the disk does not take the recording: "+err.Error()
	}
	m.mu.Unlock()
	m.log("segment lost", "error", err.Error())
}

func (m *meeting) disconnected(reason lksdk.DisconnectionReason) {
	m.mu.Lock()
	if m.state == "recording" {
		if reason == lksdk.RoomClosed || reason == lksdk.LeaveRequested {
			m.state = "stopped"
		} else {
			m.state, m.error = "lost", "the connection to the media server was lost"
		}
	}
	m.mu.Unlock()
	m.log("disconnected", "reason", string(reason))
	go m.close()
}

func (m *meeting) keepFlushing() {
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-m.quit:
			return
		case now := <-ticker.C:
			m.mu.Lock()
			files := make([]*vaultFile, 0, len(m.tracks))
			for _, track := range m.tracks {
				if !track.stopped.Load() {
					files = append(files, track.file)
				}
			}
			m.mu.Unlock()
			for _, file := range files {
				if err := file.tick(now); err != nil {
					m.fail(err)
				}
			}
		}
	}
}

// close leaves the room and ends every file with its final chunk.
func (m *meeting) close() {
	m.once.Do(func() {
		m.room.Disconnect()
		finished := make(chan struct{})
		go func() { m.wait.Wait(); close(finished) }()
		select {
		case <-finished:
		case <-time.After(3 * time.Second):
			m.log("some tracks did not end in time")
		}
		m.note(event{Event: "stop", AtMs: m.sinceStart()})
		close(m.quit)
		_ = m.manifest.Close()
		m.mu.Lock()
		if m.state == "recording" {
			m.state = "stopped"
		}
		m.mu.Unlock()
	})
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
	ID      string        `json:"id"`
	State   string        `json:"state"`
	Segment int           `json:"segment"`
	Error   string        `json:"error"`
	Tracks  []trackStatus `json:"tracks"`
}

func (m *meeting) status() status {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := status{ID: m.id, State: m.state, Segment: m.segment, Error: m.error, Tracks: []trackStatus{}}
	for _, t := range m.tracks {
		if t.stopped.Load() {
			continue
		}
		bytes, flushed, _ := t.file.progress()
		s.Tracks = append(s.Tracks, trackStatus{Sid: t.sid, Identity: t.who.Identity(), Kind: t.kind, Source: t.source,
			Bytes: bytes, Width: t.width, Height: t.height, FlushedMs: flushed.UnixMilli()})
	}
	return s
}
