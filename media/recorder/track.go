package main

import (
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/at-wat/ebml-go/webm"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
)

const (
	keyframeEvery = 10 * time.Second
	lookEvery     = 500 * time.Millisecond
	lateAfterMute = 300 * time.Millisecond // what was sent before a mute may arrive so long after it was told
)

// track writes what one person sends of one source, as it arrives and never transcoded. Each stretch
// between mutes is a part: a Matroska of its own in the vault.
type track struct {
	meeting *meeting
	remote  *webrtc.TrackRemote
	who     *lksdk.RemoteParticipant
	sid     string
	source  string
	kind    string
	done    chan struct{}
	wantKey atomic.Bool

	mu     sync.Mutex
	frames *assembler
	clock  rtpClock
	muted  bool
	since  time.Time // of the mute
	part   *part
	width  int
	height int
}

// part is one file of a track. Times are milliseconds since the segment began.
type part struct {
	name   string
	file   *vaultFile
	writer *matroska
	start  int64
	last   int64
	frames int
}

func newTrack(m *meeting, remote *webrtc.TrackRemote, publication *lksdk.RemoteTrackPublication, who *lksdk.RemoteParticipant) *track {
	rate := remote.Codec().ClockRate
	t := &track{
		meeting: m,
		remote:  remote,
		who:     who,
		sid:     filepath.Base(publication.SID()),
		source:  strings.ToLower(publication.Source().String()),
		kind:    remote.Kind().String(),
		done:    make(chan struct{}),
		muted:   publication.IsMuted(),
		clock:   rtpClock{rate: int64(rate)},
	}
	var payload rtp.Depacketizer
	switch {
	case strings.EqualFold(remote.Codec().MimeType, webrtc.MimeTypeVP8):
		payload = &codecs.VP8Packet{}
	case strings.EqualFold(remote.Codec().MimeType, webrtc.MimeTypeOpus):
		payload = &codecs.OpusPacket{}
	default:
		return t
	}
	t.frames = newAssembler(payload, rate, func() { t.wantKey.Store(true) })
	return t
}

// run records until the track ends.
func (t *track) run() {
	defer close(t.done)
	if t.frames == nil {
		t.meeting.trouble("something came as " + t.remote.Codec().MimeType + ", which is not recorded")
		return
	}
	if t.kind == "video" {
		go t.askForKeyframes()
	}
	for {
		packet, _, err := t.remote.ReadRTP()
		if err != nil {
			break
		}
		if err := t.take(packet); err != nil {
			t.meeting.fail(err)
			break
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.write(t.frames.rest()); err != nil {
		t.meeting.fail(err)
	}
	t.closePart()
}

func (t *track) take(packet *rtp.Packet) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(packet.Payload) > 0 {
		t.clock.saw(packet.Timestamp, time.Since(t.meeting.started))
	}
	return t.write(t.frames.push(packet, time.Now()))
}

func (t *track) write(frames []frame) error {
	for _, f := range frames {
		if err := t.writeOne(f); err != nil {
			return err
		}
	}
	return nil
}

func (t *track) writeOne(f frame) error {
	if isFiller(t.kind, f.data) && (t.kind == "video" || t.part == nil && t.muted) {
		return nil
	}
	if t.part == nil && t.muted && time.Since(t.since) < lateAfterMute {
		return nil // it belongs to the part that was ended; it would begin the next one too early
	}
	key := t.kind == "audio"
	if t.kind == "video" {
		width, height, isKey := vp8Size(f.data)
		if t.part == nil && !isKey {
			t.wantKey.Store(true)
			return nil // nothing can be shown before the first whole picture
		}
		key = isKey
		if isKey && (width != t.width || height != t.height) {
			t.width, t.height = width, height
			if t.part != nil {
				t.meeting.note(event{Event: "size", File: t.part.name, AtMs: t.meeting.sinceStart(), Width: width, Height: height})
			}
		}
	}
	at := t.clock.at(f.stamp).Milliseconds()
	if t.part == nil {
		if err := t.openPart(max(at, 0)); err != nil {
			return err
		}
	}
	p := t.part
	p.last = max(p.last, at)
	p.frames++
	return p.writer.write(key, p.last-p.start, f.data)
}

func (t *track) openPart(start int64) error {
	name := t.meeting.partName(t.sid)
	file, err := createVault(filepath.Join(t.meeting.folder, name), t.meeting.id+"/"+name, t.meeting.key)
	if err != nil {
		return err
	}
	entry := webm.TrackEntry{TrackNumber: 1, TrackUID: 1, CodecID: "V_VP8", TrackType: 1,
		Video: &webm.Video{PixelWidth: uint64(t.width), PixelHeight: uint64(t.height)}}
	if t.kind == "audio" {
		entry = webm.TrackEntry{TrackNumber: 1, TrackUID: 1, CodecID: "A_OPUS", TrackType: 2,
			CodecPrivate: opusHead(), Audio: &webm.Audio{SamplingFrequency: 48000, Channels: 2}}
	}
	writer, err := newMatroska(file, entry)
	if err != nil {
		return err
	}
	t.part = &part{name: name, file: file, writer: writer, start: start, last: start}
	t.meeting.note(event{Event: "track", File: name, Sid: t.sid, Identity: t.who.Identity(), Name: t.who.Name(),
		Kind: t.kind, Source: t.source, Mime: t.remote.Codec().MimeType, StartMs: start, Width: t.width, Height: t.height})
	return nil
}

func (t *track) closePart() {
	p := t.part
	if p == nil {
		return
	}
	t.part = nil
	if err := p.file.Close(); err != nil {
		t.meeting.fail(err)
		return // a file without its end is not said to have one
	}
	t.meeting.note(event{Event: "end", File: p.name, AtMs: p.last, Frames: p.frames})
}

// mute ends the part, so that nobody is shown or heard while they were muted; what comes next is another.
func (t *track) mute(muted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.muted = muted
	if muted {
		t.since = time.Now()
		t.closePart()
		t.clock = rtpClock{rate: t.clock.rate} // a sender may not count while it is muted
	} else {
		t.wantKey.Store(true)
	}
}

// flush writes out what has waited for long enough.
func (t *track) flush(now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.part == nil {
		return nil
	}
	return t.part.file.tick(now)
}

func (t *track) status() (trackStatus, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.part == nil {
		return trackStatus{}, false
	}
	bytes, flushed := t.part.file.progress()
	return trackStatus{Sid: t.sid, Identity: t.who.Identity(), Kind: t.kind, Source: t.source, Bytes: bytes,
		Width: t.width, Height: t.height, FlushedMs: flushed.UnixMilli()}, true
}

// askForKeyframes asks at once, after a loss, and now and then, so that a film can be entered anywhere.
func (t *track) askForKeyframes() {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	t.wantKey.Store(true)
	asked := time.Time{}
	for {
		if t.wantKey.Swap(false) || time.Since(asked) > keyframeEvery {
			t.who.WritePLI(t.remote.SSRC())
			asked = time.Now()
		}
		select {
		case <-t.done:
			return
		case <-ticker.C:
		}
	}
}
