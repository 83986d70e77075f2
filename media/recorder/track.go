package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/at-wat/ebml-go/mkvcore"
	"github.com/at-wat/ebml-go/webm"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/livekit/server-sdk-go/v2/pkg/samplebuilder"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

const (
	keyframeEvery = 10 * time.Second
	lateMost      = 256 // packets, about two seconds of video
)

// trackFile writes one track, as it arrives and never transcoded, into one Matroska in the vault.
type trackFile struct {
	meeting  *meeting
	remote   *webrtc.TrackRemote
	who      *lksdk.RemoteParticipant
	sid      string
	source   string
	kind     string
	fileName string

	file   *vaultFile
	writer webm.BlockWriteCloser

	start  int64 // milliseconds since the segment began, of the first sample
	first  uint32
	last   int64
	width  int
	height int
	frames int

	lost    atomic.Bool
	done    chan struct{}
	stopped atomic.Bool
}

func newTrackFile(m *meeting, remote *webrtc.TrackRemote, publication *lksdk.RemoteTrackPublication, who *lksdk.RemoteParticipant) *trackFile {
	sid := publication.SID()
	return &trackFile{
		meeting:  m,
		remote:   remote,
		who:      who,
		sid:      sid,
		source:   strings.ToLower(publication.Source().String()),
		kind:     remote.Kind().String(),
		fileName: fmt.Sprintf("s%d-%s.ctv", m.segment, filepath.Base(sid)),
		done:     make(chan struct{}),
	}
}

// run records until the track ends.
func (t *trackFile) run() {
	defer close(t.done)
	defer t.finish()
	clock := t.remote.Codec().ClockRate
	var builder *samplebuilder.SampleBuilder
	dropped := samplebuilder.WithPacketDroppedHandler(func() { t.lost.Store(true) })
	if t.kind == "video" {
		if !strings.EqualFold(t.remote.Codec().MimeType, webrtc.MimeTypeVP8) {
			t.meeting.trouble(fmt.Sprintf("a picture came as %s, which is not recorded", t.remote.Codec().MimeType))
			return
		}
		builder = samplebuilder.New(lateMost, &codecs.VP8Packet{}, clock, dropped)
		go t.askForKeyframes()
	} else {
		builder = samplebuilder.New(lateMost, &codecs.OpusPacket{}, clock, dropped)
	}
	for {
		packet, _, err := t.remote.ReadRTP()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.meeting.log("track ended", "sid", t.sid)
			}
			return
		}
		if len(packet.Payload) == 0 {
			continue // padding, sent while the sender is silent
		}
		builder.Push(packet)
		for sample, stamp := builder.PopWithTimestamp(); sample != nil; sample, stamp = builder.PopWithTimestamp() {
			if err := t.write(sample, stamp, clock); err != nil {
				t.meeting.fail(err)
				return
			}
		}
	}
}

func (t *trackFile) write(sample *media.Sample, stamp, clock uint32) error {
	key := t.kind == "audio"
	if t.kind == "video" {
		width, height, isKey := vp8Size(sample.Data)
		key = isKey
		if t.writer == nil && !isKey {
			return nil // nothing can be shown before the first whole picture
		}
		if isKey && (width != t.width || height != t.height) {
			t.width, t.height = width, height
			if t.writer != nil {
				t.meeting.note(event{Event: "size", File: t.fileName, AtMs: t.meeting.sinceStart(), Width: width, Height: height})
			}
		}
	}
	if t.writer == nil {
		if err := t.open(stamp); err != nil {
			return err
		}
	}
	at := int64(int32(stamp-t.first)) * 1000 / int64(clock)
	if at < t.last {
		return nil // late and out of order; its neighbours are written already
	}
	t.last = at
	t.frames++
	_, err := t.writer.Write(key, at, sample.Data)
	return err
}

func (t *trackFile) open(stamp uint32) error {
	file, err := createVault(filepath.Join(t.meeting.folder, t.fileName), t.meeting.id+"/"+t.fileName, t.meeting.key)
	if err != nil {
		return err
	}
	entry := webm.TrackEntry{TrackNumber: 1, TrackUID: 1, CodecID: "V_VP8", TrackType: 1,
		Video: &webm.Video{PixelWidth: uint64(t.width), PixelHeight: uint64(t.height)}}
	if t.kind == "audio" {
		entry = webm.TrackEntry{TrackNumber: 1, TrackUID: 1, CodecID: "A_OPUS", TrackType: 2,
			CodecPrivate: opusHead(), Audio: &webm.Audio{SamplingFrequency: 48000, Channels: 2}}
	}
	writers, err := webm.NewSimpleBlockWriter(file, []webm.TrackEntry{entry},
		mkvcore.WithOnFatalHandler(func(err error) { t.meeting.fail(err) }))
	if err != nil {
		return err
	}
	t.file, t.writer, t.first = file, writers[0], stamp
	t.start = t.meeting.sinceStart()
	t.meeting.opened(t)
	t.meeting.note(event{Event: "track", File: t.fileName, Sid: t.sid, Identity: t.who.Identity(), Name: t.who.Name(),
		Kind: t.kind, Source: t.source, Mime: t.remote.Codec().MimeType, StartMs: t.start, Width: t.width, Height: t.height})
	return nil
}

func (t *trackFile) finish() {
	t.stopped.Store(true)
	if t.writer == nil {
		return
	}
	_ = t.writer.Close() // closes the vault file as well
	t.meeting.note(event{Event: "end", File: t.fileName, AtMs: t.start + t.last, Frames: t.frames})
}

// askForKeyframes asks at once, after a loss, and now and then, so that a film can be entered anywhere.
func (t *trackFile) askForKeyframes() {
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	asked := time.Time{}
	for {
		if t.lost.Swap(false) || t.frames == 0 || time.Since(asked) > keyframeEvery {
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

// vp8Size reads the size of a VP8 key frame, and whether it is one.
func vp8Size(frame []byte) (width, height int, key bool) {
	if len(frame) < 10 || frame[0]&1 != 0 {
		return 0, 0, false
	}
	width = (int(frame[6]) | int(frame[7])<<8) & 0x3fff
	height = (int(frame[8]) | int(frame[9])<<8) & 0x3fff
	return width, height, true
}

// opusHead is the identification header that Matroska asks for (RFC 7845, section 5.1).
func opusHead() []byte {
	return []byte{'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 2, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0}
}
