package main

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

func vp8(seq uint16, stamp uint32, marker bool, payload ...byte) *rtp.Packet {
	return &rtp.Packet{
		Header:  rtp.Header{SequenceNumber: seq, Timestamp: stamp, Marker: marker},
		Payload: payload,
	}
}

// one is a picture in a single packet: a payload descriptor that begins a partition, and a byte.
func one(seq uint16, stamp uint32) *rtp.Packet { return vp8(seq, stamp, true, 0x10, byte(seq)) }

func TestPaddingHoldsNothingUp(t *testing.T) {
	lost := 0
	a := newAssembler(&codecs.VP8Packet{}, 90000, func() { lost++ })
	now := time.Now()
	seq, stamp, found := uint16(65000), uint32(0), 0 // the sequence numbers wrap around on the way
	for range 2000 {
		for range 3 { // LiveKit pads in bursts
			found += len(a.push(vp8(seq, stamp, false), now))
			seq++
		}
		stamp += 6000
		got := a.push(one(seq, stamp), now)
		if len(got) != 1 || got[0].stamp != stamp {
			t.Fatalf("packet %d: %d frames", seq, len(got))
		}
		found += len(got)
		seq++
		now = now.Add(67 * time.Millisecond)
	}
	if found != 2000 || lost != 0 {
		t.Fatal(found, "frames,", lost, "lost")
	}
}

func TestALostPacketIsWaitedForButNotForLong(t *testing.T) {
	lost := 0
	a := newAssembler(&codecs.VP8Packet{}, 90000, func() { lost++ })
	now := time.Now()
	if len(a.push(one(1, 0), now)) != 1 {
		t.Fatal("the first frame is whole")
	}
	if len(a.push(one(3, 12000), now)) != 0 {
		t.Fatal("a hole was passed over at once")
	}
	if got := a.push(one(2, 6000), now.Add(200*time.Millisecond)); len(got) != 2 || got[0].stamp != 6000 {
		t.Fatal("sent again in time, it takes its place", got)
	}
	if lost != 0 {
		t.Fatal("nothing was lost yet")
	}
	began, seq, stamp := now.Add(300*time.Millisecond), uint16(5), uint32(24000) // number 4 never comes
	for step := time.Duration(0); ; step += 67 * time.Millisecond {
		if got := a.push(one(seq, stamp), began.Add(step)); len(got) > 0 {
			if step > stallMost+100*time.Millisecond || step < stallMost-100*time.Millisecond {
				t.Fatal("waited", step)
			}
			if len(got) != int(seq-4) {
				t.Fatal("what came meanwhile is kept:", len(got), "of", seq-4)
			}
			break
		}
		seq++
		stamp += 6000
	}
	if lost == 0 {
		t.Fatal("the loss was not told, so no whole picture is asked for")
	}
}

func TestNonsenseIsDropped(t *testing.T) {
	lost := 0
	a := newAssembler(&codecs.VP8Packet{}, 90000, func() { lost++ })
	if got := a.push(vp8(1, 0, true, 0x90), time.Now()); len(got) != 0 {
		t.Fatal("a descriptor that is cut off made a frame", got)
	}
	if got := a.push(one(2, 6000), time.Now()); len(got) != 1 {
		t.Fatal("what came behind it was held up")
	}
	if lost == 0 {
		t.Fatal("the loss was not told")
	}
}

func TestVP8Size(t *testing.T) {
	key := []byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x41, 0xb4, 0x80, 0}
	if width, height, ok := vp8Size(key); width != 320 || height != 180 || !ok {
		t.Fatal(width, height, ok)
	}
	for _, other := range [][]byte{nil, key[:9], append([]byte{0x11}, key[1:]...), make([]byte, 20)} {
		if _, _, ok := vp8Size(other); ok {
			t.Fatalf("%x is no key frame", other)
		}
	}
	key[6], key[7], key[8], key[9] = 8, 0, 8, 0
	if !isFiller("video", key) || !isFiller("audio", []byte{0xf8, 0xff, 0xfe, 0}) || isFiller("audio", []byte{0xf8}) {
		t.Fatal("LiveKit's own frames are not known")
	}
}
