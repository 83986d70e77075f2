package main

import (
	"encoding/binary"
	"io"

	"github.com/at-wat/ebml-go"
	"github.com/at-wat/ebml-go/webm"
)

const (
	clusterAtKey = 5_000  // milliseconds: a key frame so long after a cluster began starts another
	clusterMost  = 30_000 // a block's own time is 16 bits
)

// matroska writes the one track of a file as it comes: nothing is gone back to, so what was written
// before a crash can be read. Every block is one Write.
type matroska struct {
	out     io.Writer
	cluster int64
	begun   bool
	block   []byte
}

func newMatroska(out io.Writer, entry webm.TrackEntry) (*matroska, error) {
	type segment struct {
		Info   webm.Info   `ebml:"Info"`
		Tracks webm.Tracks `ebml:"Tracks"`
	}
	head := struct {
		Header  *webm.EBMLHeader `ebml:"EBML"`
		Segment segment          `ebml:"Segment,size=unknown"`
	}{
		webm.DefaultEBMLHeader,
		segment{
			webm.Info{TimecodeScale: 1_000_000, MuxingApp: "circletime", WritingApp: "circletime"},
			webm.Tracks{TrackEntry: []webm.TrackEntry{entry}},
		},
	}
	return &matroska{out: out}, ebml.Marshal(&head, out)
}

// write adds a frame; at is milliseconds since the file's first frame, and never goes back.
func (k *matroska) write(key bool, at int64, data []byte) error {
	k.block = k.block[:0]
	age := at - k.cluster
	if !k.begun || (key && age >= clusterAtKey) || age >= clusterMost {
		k.begun, k.cluster, age = true, at, 0
		k.block = append(k.block, 0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) // Cluster
		k.block = append(k.block, 0xe7, 0x88)                                                             // its Timecode
		k.block = binary.BigEndian.AppendUint64(k.block, uint64(at))
	}
	k.block = append(k.block, 0xa3) // SimpleBlock
	k.block = binary.BigEndian.AppendUint64(k.block, 1<<56|uint64(len(data)+4))
	k.block = append(k.block, 0x81, byte(age>>8), byte(age), 0)
	if key {
		k.block[len(k.block)-1] = 0x80
	}
	k.block = append(k.block, data...)
	_, err := k.out.Write(k.block)
	return err
}

// opusHead is the identification header that Matroska asks for (RFC 7845, section 5.1).
func opusHead() []byte {
	return []byte{'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 2, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0}
}
