package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// The vault's file format, CTV1, is written down in docs/vault-format.md and read by
// circletime/recordings/vault.py. Change all three together, and the test vectors.
const (
	magic     = "CTV1"
	headerLen = 28
	chunkMost = 64 * 1024
	finalBit  = 1 << 31
	flushMost = 400 * time.Millisecond // with the quarter of a second between two looks: within two thirds
	keyInfo   = "circletime/vault/v1\x00"
)

var errClosed = errors.New("the vault file is closed")

// vaultFile encrypts what is written to it, chunk by chunk, and keeps nothing in the clear but at most
// one chunk in memory. It is safe for use by several goroutines.
type vaultFile struct {
	mu      sync.Mutex
	out     io.WriteCloser
	aead    cipher.AEAD
	header  []byte
	index   uint32
	buffer  []byte
	oldest  time.Time
	flushed time.Time
	bytes   int64
	closed  bool
	err     error
}

// createVault makes a new file for the recording's part of this name, which the key is bound to.
func createVault(path, name string, key []byte) (*vaultFile, error) {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	random := make([]byte, 23)
	_, _ = rand.Read(random) // never fails
	v, err := newVault(out, name, key, random[:16], random[16:])
	if err != nil { // a file without its header could be taken for a damaged one
		_ = out.Close()
		_ = os.Remove(path)
	}
	return v, err
}

func newVault(out io.WriteCloser, name string, key, salt, prefix []byte) (*vaultFile, error) {
	fileKey, err := hkdf.Key(sha256.New, key, salt, keyInfo+name, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(fileKey)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	header := make([]byte, 0, headerLen)
	header = append(header, magic...)
	header = append(header, salt...)
	header = append(header, prefix...)
	header = append(header, 0)
	if _, err := out.Write(header); err != nil {
		return nil, err
	}
	return &vaultFile{out: out, aead: aead, header: header, flushed: time.Now()}, nil
}

// Write takes plain bytes; they are on disk, encrypted, within a second when tick is called.
func (v *vaultFile) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return 0, errClosed
	}
	if v.err != nil {
		return 0, v.err
	}
	if len(v.buffer) == 0 {
		v.oldest = time.Now()
	}
	v.buffer = append(v.buffer, p...)
	for len(v.buffer) >= chunkMost {
		if err := v.seal(v.buffer[:chunkMost], false); err != nil {
			return 0, err
		}
		v.buffer = append(v.buffer[:0], v.buffer[chunkMost:]...)
	}
	return len(p), nil
}

// tick writes out what has waited for flushMost.
func (v *vaultFile) tick(now time.Time) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed || v.err != nil || len(v.buffer) == 0 || now.Sub(v.oldest) < flushMost {
		return v.err
	}
	return v.flushLocked()
}

// Flush writes out everything now.
func (v *vaultFile) Flush() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.flushLocked()
}

func (v *vaultFile) flushLocked() error {
	if len(v.buffer) == 0 || v.closed {
		return v.err
	}
	err := v.seal(v.buffer, false)
	v.buffer = v.buffer[:0]
	return err
}

// Close writes the final chunk, which tells a whole file from one that was cut short.
func (v *vaultFile) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil
	}
	v.closed = true
	err := v.seal(v.buffer, true)
	v.buffer = nil
	if closing := v.out.Close(); err == nil {
		err = closing
	}
	return err
}

func (v *vaultFile) seal(plain []byte, final bool) error {
	if v.err != nil {
		return v.err
	}
	nonce := make([]byte, 12)
	copy(nonce, v.header[20:27])
	binary.BigEndian.PutUint32(nonce[7:], v.index)
	length := uint32(len(plain))
	if final {
		nonce[11] = 1
		length |= finalBit
	}
	sealed := make([]byte, 4, 4+len(plain)+v.aead.Overhead())
	binary.BigEndian.PutUint32(sealed, length)
	sealed = v.aead.Seal(sealed, nonce, plain, v.header)
	if _, err := v.out.Write(sealed); err != nil {
		v.err = err
		return err
	}
	v.index++
	v.bytes += int64(len(plain))
	v.flushed = time.Now()
	return nil
}

func (v *vaultFile) progress() (int64, time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.bytes, v.flushed
}
