package main

import (
	"bytes"
	"time"

	"github.com/livekit/server-sdk-go/v2/pkg/samplebuilder"
	"github.com/pion/rtp"
)

const (
	lateMost  = 512                     // packets
	stallMost = 1500 * time.Millisecond // by then a lost packet was asked for again several times
)

// frame is one encoded picture, or one packet of sound.
type frame struct {
	data  []byte
	stamp uint32
}

// assembler makes frames of packets, in order. It waits for lost packets to be sent again, but never
// longer than stallMost.
type assembler struct {
	builder *samplebuilder.SampleBuilder
	payload rtp.Depacketizer
	onLoss  func()
	waiting time.Time // since when something was pushed and nothing came out
}

func newAssembler(payload rtp.Depacketizer, clockRate uint32, onLoss func()) *assembler {
	return &assembler{
		builder: samplebuilder.New(lateMost, payload, clockRate, samplebuilder.WithPacketDroppedHandler(onLoss)),
		payload: payload,
		onLoss:  onLoss,
	}
}

// push takes a packet and answers the frames that are whole by now. Packets that only pad have to be
// pushed as well: they carry sequence numbers, and without them the builder would wait for a hole to fill.
func (a *assembler) push(packet *rtp.Packet, now time.Time) []frame {
	a.builder.Push(packet)
	frames, popped := a.collect(a.builder.PopPackets)
	switch {
	case popped:
		a.waiting = time.Time{}
	case a.waiting.IsZero():
		a.waiting = now
	case now.Sub(a.waiting) > stallMost:
		a.waiting = time.Time{}
		a.onLoss()
		frames, _ = a.collect(a.builder.ForcePopPackets)
	}
	return frames
}

// rest answers what is whole among what is left.
func (a *assembler) rest() []frame {
	frames, _ := a.collect(a.builder.ForcePopPackets)
	return frames
}

func (a *assembler) collect(pop func() []*rtp.Packet) (frames []frame, popped bool) {
	for packets := pop(); packets != nil; packets = pop() {
		popped = true
		var data []byte
		for _, packet := range packets {
			if len(packet.Payload) == 0 {
				continue
			}
			part, err := a.payload.Unmarshal(packet.Payload)
			if err != nil {
				data = nil
				a.onLoss()
				break
			}
			data = append(data, part...)
		}
		if len(data) > 0 {
			frames = append(frames, frame{data, packets[0].Timestamp})
		}
	}
	return frames, popped
}

// vp8Size reads the size of a VP8 key frame, and whether it is one (RFC 6386, section 9.1).
func vp8Size(frame []byte) (width, height int, key bool) {
	if len(frame) < 10 || frame[0]&1 != 0 || !bytes.Equal(frame[3:6], []byte{0x9d, 0x01, 0x2a}) {
		return 0, 0, false
	}
	width = (int(frame[6]) | int(frame[7])<<8) & 0x3fff
	height = (int(frame[8]) | int(frame[9])<<8) & 0x3fff
	return width, height, true
}

// isFiller tells what LiveKit itself sends when a track is muted or ends: a black picture of 8 by 8,
// or a packet of silence. No person sent it.
func isFiller(kind string, data []byte) bool {
	if kind == "audio" {
		return bytes.HasPrefix(data, []byte{0xf8, 0xff, 0xfe})
	}
	width, height, key := vp8Size(data)
	return key && width <= 8 && height <= 8
}
