package main

import "time"

const (
	clockSlack  = 40 * time.Millisecond
	clockWindow = time.Second
)

// rtpClock puts a track's RTP timestamps on the recorder's own clock. The network can only delay a
// packet, so the least delayed of the last moments tells where timestamp zero lies. Small differences
// are left alone, so that timestamps stay even; a sender whose timestamps stood still, or whose clock
// runs away, is followed within two windows.
type rtpClock struct {
	rate int64

	known    bool
	newest   uint32
	extended int64 // the newest timestamp, which does not wrap around
	offset   time.Duration
	before   time.Duration // the least offset seen in the last window
	lately   time.Duration // and in this one
	windowAt time.Duration
	windows  int
}

// saw tells that a packet with this timestamp arrived so long after the segment began.
func (c *rtpClock) saw(stamp uint32, arrived time.Duration) {
	if !c.known {
		c.known, c.newest, c.extended, c.windows = true, stamp, 0, 0
		c.offset, c.lately, c.windowAt = arrived, arrived, arrived
		return
	}
	if step := int64(int32(stamp - c.newest)); step > 0 {
		c.newest, c.extended = stamp, c.extended+step
	}
	here := arrived - c.sinceZero(stamp)
	if here < c.offset-clockSlack {
		c.offset = here
	}
	c.lately = min(c.lately, here)
	if arrived-c.windowAt < clockWindow {
		return
	}
	if least := min(c.before, c.lately); c.windows > 0 && least > c.offset+clockSlack {
		c.offset = least
	}
	c.before, c.lately, c.windowAt = c.lately, here, arrived
	c.windows++
}

// at answers how long after the segment began the moment of this timestamp was.
func (c *rtpClock) at(stamp uint32) time.Duration { return c.offset + c.sinceZero(stamp) }

func (c *rtpClock) sinceZero(stamp uint32) time.Duration {
	ticks := c.extended + int64(int32(stamp-c.newest))
	return time.Duration(ticks * int64(time.Second) / c.rate)
}
