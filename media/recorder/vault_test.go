package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

type vector struct {
	Title  string
	Key    string
	Name   string
	Salt   string
	Prefix string
	Writes []struct {
		Hex     string
		Pattern int
	}
	Ends   bool
	File   string
	SHA256 string `json:"file_sha256"`
}

// sink is a file in memory, which can be made to fail as a full disk does.
type sink struct {
	bytes.Buffer
	full   bool
	closed bool
}

func (s *sink) Write(p []byte) (int, error) {
	if s.full {
		return 0, errors.New("no space left on device")
	}
	return s.Buffer.Write(p)
}

func (s *sink) Close() error { s.closed = true; return nil }

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestVaultWritesTheVectors(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "tests", "recorder", "vectors", "ctv1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(raw, &vectors); err != nil || len(vectors) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, v := range vectors {
		t.Run(v.Title, func(t *testing.T) {
			out := &sink{}
			file, err := newVault(out, v.Name, unhex(t, v.Key), unhex(t, v.Salt), unhex(t, v.Prefix))
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range v.Writes {
				data := unhex(t, w.Hex)
				for i := range w.Pattern {
					data = append(data, byte(i*7%251))
				}
				if _, err := file.Write(data); err != nil {
					t.Fatal(err)
				}
				if err := file.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			if v.Ends {
				if err := file.Close(); err != nil || !out.closed {
					t.Fatal("not closed", err)
				}
			}
			sum := sha256.Sum256(out.Bytes())
			if hex.EncodeToString(sum[:]) != v.SHA256 {
				t.Fatalf("other bytes than the vector's: %x", out.Bytes()[:min(out.Len(), 200)])
			}
		})
	}
}

func TestVaultWaitsNoLongerThanASecond(t *testing.T) {
	out := &sink{}
	file, err := newVault(out, "r/f", make([]byte, 32), make([]byte, 16), make([]byte, 7))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write([]byte("slow"))
	if err := file.tick(time.Now()); err != nil || out.Len() != headerLen {
		t.Fatal("written before it had to be", err, out.Len())
	}
	if err := file.tick(time.Now().Add(time.Second - tickEvery)); err != nil || out.Len() != headerLen+4+4+16 {
		t.Fatal("not written within a second", err, out.Len())
	}
}

func TestVaultSaysThatTheDiskIsFull(t *testing.T) {
	out := &sink{}
	file, err := newVault(out, "r/f", make([]byte, 32), make([]byte, 16), make([]byte, 7))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write([]byte("kept"))
	_ = file.Flush()
	out.full = true
	_, _ = file.Write([]byte("lost"))
	if file.Flush() == nil {
		t.Fatal("a full disk went unnoticed")
	}
	out.full = false
	if _, err := file.Write([]byte("more")); err == nil {
		t.Fatal("bytes were taken behind a hole")
	}
	if file.Close() == nil {
		t.Fatal("a file with a hole was said to be whole")
	}
}

func TestVaultNeverWritesOverAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.ctv")
	if _, err := createVault(path, "r/f.ctv", make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	if _, err := createVault(path, "r/f.ctv", make([]byte, 32)); !os.IsExist(err) {
		t.Fatal("an existing file was taken", err)
	}
	info, _ := os.Stat(path)
	if info.Mode().Perm() != 0o600 {
		t.Fatal("others may read it:", info.Mode())
	}
}

func TestVaultLeavesNoFileWithoutItsHeader(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "f.ctv")
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: headerLen - 1, Max: before.Max})
	file, err := createVault(path, "r/f.ctv", make([]byte, 32))
	_ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)
	if err == nil || file != nil {
		t.Fatal("a disk that takes nothing went unnoticed")
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Fatal("a file that nobody can read was left behind:", err)
	}
}
