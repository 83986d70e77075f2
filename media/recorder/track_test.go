package main

import "testing"

func TestWhatComesLateAfterAMuteBeginsNoPart(t *testing.T) {
	defer func() {
		if recover() != nil {
			t.Fatal("a part was begun")
		}
	}()
	one := &track{kind: "audio", clock: rtpClock{rate: 48000}} // with no meeting to write to
	one.mute(true)
	if err := one.writeOne(frame{[]byte{0x78, 1, 2}, 1}); err != nil || one.part != nil {
		t.Fatal("a part was begun", err)
	}
}
