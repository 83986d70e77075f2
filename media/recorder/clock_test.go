package main

import (
	"testing"
	"time"
)

const ms = time.Millisecond

func near(t *testing.T, what string, got, want, by time.Duration) {
	t.Helper()
	if (got - want).Abs() > by {
		t.Fatalf("%s: at %v, not %v", what, got, want)
	}
}

func TestClockForgivesJitter(t *testing.T) {
	c := rtpClock{rate: 48000}
	stamp := uint32(0xffff0000) // wraps around on the way
	for i := range 5000 {
		sent := time.Duration(i) * 20 * ms
		c.saw(stamp, 500*ms+sent+time.Duration(i*i%35)*ms)
		near(t, "jitter", c.at(stamp), 500*ms+sent, clockSlack)
		stamp += 960
	}
}

func TestClockCorrectsALateFirstPacket(t *testing.T) {
	c := rtpClock{rate: 90000}
	for i := range 30 {
		sent, late := time.Duration(i)*66667*time.Microsecond, time.Duration(0)
		if i == 0 {
			late = 400 * ms
		}
		c.saw(uint32(i*6000), sent+late)
	}
	near(t, "after a late first packet", c.at(29*6000), 29*66667*time.Microsecond, ms)
}

func TestClockFollowsASenderThatStoodStill(t *testing.T) {
	c := rtpClock{rate: 48000}
	at, stamp := time.Duration(0), uint32(0)
	for range 500 {
		c.saw(stamp, at)
		stamp, at = stamp+960, at+20*ms
	}
	at += 10 * time.Second // nothing was sent, and its timestamps did not go on
	for range 150 {
		c.saw(stamp, at)
		stamp, at = stamp+960, at+20*ms
	}
	near(t, "three seconds later", c.at(stamp), at, clockSlack)
}

func TestClockFollowsAClockThatRunsAway(t *testing.T) {
	for _, drift := range []time.Duration{-200 * time.Microsecond, 200 * time.Microsecond} { // 1 in 100
		c := rtpClock{rate: 48000}
		at := time.Duration(0)
		for i := range 10000 {
			c.saw(uint32(i*960), at)
			near(t, "drift", c.at(uint32(i*960)), at, 2*clockSlack)
			at += 20*ms + drift
		}
	}
}

func TestClockIgnoresAPacketSentAgain(t *testing.T) {
	c := rtpClock{rate: 90000}
	for i := range 100 {
		c.saw(uint32(i*6000), time.Duration(i)*66667*time.Microsecond)
	}
	before := c.at(100 * 6000)
	c.saw(50*6000, 9*time.Second)
	near(t, "after an old packet", c.at(100*6000), before, ms)
}
