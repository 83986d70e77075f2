// The crowd: people for tests and benches, who send films and voices that were encoded beforehand.
//
// It reads a JSON list of members from stdin, has them all join, and goes on until SIGTERM. A film begins
// again when a whole picture is asked for, as a camera would send one. On stdout are lines of JSON: when
// each film and voice began, and when all have joined; of who listens, what they receive from whom after
// each silence, and when they were put out.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"
)

// member is one person. Times are seconds after joining; zero is never.
type member struct {
	Token    string  `json:"token"`
	Identity string  `json:"identity"`
	Film     string  `json:"film"`  // .ivf, VP8
	Voice    string  `json:"voice"` // .ogg, Opus
	Screen   bool    `json:"screen"`
	MuteAt   float64 `json:"mute_at"`
	UnmuteAt float64 `json:"unmute_at"`
	StopAt   float64 `json:"stop_at"`
	SpeakAt  float64 `json:"speak_at"`
	Listens  bool    `json:"listens"`
	URL      string  `json:"url"` // another server than the rest's
	// Whom one who listens has subscribed to; everybody when there is no such list.
	Watches []string `json:"watches"`
}

type event struct {
	Event    string `json:"event"`
	Identity string `json:"identity,omitempty"`
	Kind     string `json:"kind,omitempty"`
	From     string `json:"from,omitempty"`
	AtMs     int64  `json:"at_ms,omitempty"`
	GapMs    int64  `json:"gap_ms,omitempty"`
}

// A silence is told of once it is over: four pictures that did not come.
const silence = 250 * time.Millisecond

var speaking sync.Mutex

func say(e event) {
	speaking.Lock()
	defer speaking.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(e)
}

// loop is a film or a voice, in memory.
type loop struct {
	samples []media.Sample
}

func main() {
	url := flag.String("url", "ws://127.0.0.1:8001", "the media server")
	flag.Parse()
	lksdk.SetLogger(logger.LogRLogger(logr.Discard()))
	var members []member
	if err := json.NewDecoder(os.Stdin).Decode(&members); err != nil {
		fmt.Fprintln(os.Stderr, "the list of members was not understood:", err)
		os.Exit(2)
	}
	loops := map[string]*loop{}
	for _, m := range members {
		for path, read := range map[string]func(io.Reader) (*loop, error){m.Film: readIVF, m.Voice: readOgg} {
			if path == "" || loops[path] != nil {
				continue
			}
			if err := load(loops, path, read); err != nil {
				fmt.Fprintln(os.Stderr, path, err)
				os.Exit(2)
			}
		}
	}
	var wait sync.WaitGroup
	var failed atomic.Bool
	for _, m := range members {
		wait.Go(func() {
			if err := m.join(*url, loops); err != nil {
				fmt.Fprintln(os.Stderr, m.Identity, "could not join:", err)
				failed.Store(true)
			}
		})
		time.Sleep(50 * time.Millisecond)
	}
	wait.Wait()
	if failed.Load() {
		os.Exit(1)
	}
	say(event{Event: "joined"})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
}

func load(loops map[string]*loop, path string, read func(io.Reader) (*loop, error)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	loops[path], err = read(file)
	return err
}

func readIVF(from io.Reader) (*loop, error) {
	reader, header, err := ivfreader.NewWith(from)
	if err != nil {
		return nil, err
	}
	length := time.Second * time.Duration(header.TimebaseNumerator) / time.Duration(header.TimebaseDenominator)
	found := &loop{}
	for {
		data, _, err := reader.ParseNextFrame()
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		found.samples = append(found.samples, media.Sample{Data: data, Duration: length})
	}
}

func readOgg(from io.Reader) (*loop, error) {
	const packet = 20 * time.Millisecond
	reader, _, err := oggreader.NewWith(from)
	if err != nil {
		return nil, err
	}
	found := &loop{}
	for {
		// One packet a page, as `ffmpeg -page_duration 20000` writes it.
		data, header, err := reader.ParseNextPage()
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		if header.GranulePosition > 0 {
			found.samples = append(found.samples, media.Sample{Data: data, Duration: packet})
		}
	}
}

func (m member) join(url string, loops map[string]*loop) error {
	if m.URL != "" {
		url = m.URL
	}
	told := lksdk.NewRoomCallback()
	told.OnDisconnected = func() {
		say(event{Event: "out", Identity: m.Identity, AtMs: time.Now().UnixMilli()})
	}
	told.OnTrackSubscribed = func(track *webrtc.TrackRemote, _ *lksdk.RemoteTrackPublication, from *lksdk.RemoteParticipant) {
		go m.receive(track, from.Identity())
	}
	told.OnTrackPublished = func(publication *lksdk.RemoteTrackPublication, from *lksdk.RemoteParticipant) {
		if m.Listens && slices.Contains(m.Watches, from.Identity()) {
			_ = publication.SetSubscribed(true)
		}
	}
	every := m.Listens && m.Watches == nil
	room, err := lksdk.ConnectToRoomWithToken(url, m.Token, told, lksdk.WithAutoSubscribe(every))
	if err != nil {
		return err
	}
	film, voice := livekit.TrackSource_CAMERA, livekit.TrackSource_MICROPHONE
	if m.Screen {
		film, voice = livekit.TrackSource_SCREEN_SHARE, livekit.TrackSource_SCREEN_SHARE_AUDIO
	}
	if err := m.send(room, webrtc.MimeTypeVP8, 90000, film, loops[m.Film]); err != nil {
		return err
	}
	speak := func() error { return m.send(room, webrtc.MimeTypeOpus, 48000, voice, loops[m.Voice]) }
	if m.SpeakAt > 0 {
		after(m.SpeakAt, func() { _ = speak() }) // without leave by then it comes to nothing
		return nil
	}
	return speak()
}

// receive tells of the first packet, of each that ends a silence, and of the track's end.
func (m member) receive(track *webrtc.TrackRemote, from string) {
	var last time.Time
	for {
		_, _, err := track.ReadRTP()
		now := time.Now()
		told := event{Event: "receives", Identity: m.Identity, From: from, Kind: track.Kind().String(), AtMs: now.UnixMilli()}
		switch {
		case err != nil:
			told.Event = "ends"
			say(told)
			return
		case last.IsZero():
			say(told)
		case now.Sub(last) > silence:
			told.GapMs = now.Sub(last).Milliseconds()
			say(told)
		}
		last = now
	}
}

func (m member) send(room *lksdk.Room, mime string, rate uint32, source livekit.TrackSource, what *loop) error {
	if what == nil {
		return nil
	}
	var again atomic.Bool
	capability := webrtc.RTPCodecCapability{MimeType: mime, ClockRate: rate}
	if mime == webrtc.MimeTypeOpus {
		capability.Channels = 2
	}
	track, err := lksdk.NewLocalTrack(capability, lksdk.WithRTCPHandler(func(packet rtcp.Packet) {
		if _, asked := packet.(*rtcp.PictureLossIndication); asked {
			again.Store(true)
		}
	}))
	if err != nil {
		return err
	}
	bound := make(chan struct{})
	track.OnBind(sync.OnceFunc(func() { close(bound) }))
	publication, err := room.LocalParticipant.PublishTrack(track, &lksdk.TrackPublicationOptions{
		Name: source.String(), Source: source})
	if err != nil {
		return err
	}
	select {
	case <-bound:
	case <-time.After(10 * time.Second):
		return fmt.Errorf("nobody takes the track")
	}
	ended := make(chan struct{})
	after(m.MuteAt, func() { publication.SetMuted(true) })
	after(m.UnmuteAt, func() { publication.SetMuted(false) })
	after(m.StopAt, func() { close(ended); _ = room.LocalParticipant.UnpublishTrack(publication.SID()) })
	begins := func() {
		say(event{Event: "begins", Identity: m.Identity, Kind: track.Kind().String(), AtMs: time.Now().UnixMilli()})
	}
	go what.play(track, publication, &again, ended, begins)
	return nil
}

func after(seconds float64, do func()) {
	if seconds > 0 {
		time.AfterFunc(time.Duration(seconds*float64(time.Second)), do)
	}
}

func (l *loop) play(track *lksdk.LocalTrack, publication *lksdk.LocalTrackPublication, again *atomic.Bool, ended chan struct{}, begins func()) {
	next := time.Now()
	for at := 0; ; at++ {
		if at == len(l.samples) || again.Swap(false) {
			at = 0
		}
		if at == 0 {
			begins()
		}
		sample := l.samples[at]
		if !publication.IsMuted() {
			_ = track.WriteSample(sample, nil)
		}
		next = next.Add(sample.Duration)
		select {
		case <-ended:
			return
		case <-time.After(time.Until(next)):
		}
	}
}
