package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
)

// The container of docs/evidence/bundle.md: ustar with no freedom left. Of a header three things vary;
// a reader builds the one header that there can be and demands it.
const (
	block   = 512
	maxSize = 1<<33 - 1 // eleven octal digits
)

var (
	nameField   = regexp.MustCompile(`^([!-~]{1,100})\x00*$`)
	folderField = regexp.MustCompile(`^([!-~]{0,155})\x00*$`)
	sizeField   = regexp.MustCompile(`^([0-7]{11})\x00$`)
	zeroBlock   = make([]byte, block)
)

// A member is one file of an archive: its folder ("" for the top), its name there, its bytes' place.
type member struct {
	folder, name string
	size, offset int64
}

func header(folder, name string, size int64) []byte {
	made := make([]byte, block)
	put := func(at int, text string) { copy(made[at:], text) }
	put(0, name)
	put(100, "0000644")
	put(108, "0000000")
	put(116, "0000000")
	put(124, fmt.Sprintf("%011o", size))
	put(136, "00000000000")
	put(148, "        0")
	put(257, "ustar\x0000")
	put(329, "0000000")
	put(337, "0000000")
	put(345, folder)
	sum := 0
	for _, one := range made {
		sum += int(one)
	}
	put(148, fmt.Sprintf("%06o\x00 ", sum))
	return made
}

// tarReader reads members in order, never backwards. Of a file that can be read twice it passes over
// what is read later, at its place.
type tarReader struct {
	in   *bufio.Reader
	file *os.File // nil for a stream
	at   int64
}

// exactly reads so many bytes. A bundle that ends early is cut, not wrong.
func (r *tarReader) exactly(size int64) []byte {
	data := make([]byte, size)
	_, err := io.ReadFull(r.in, data)
	r.passed(size, err)
	return data
}

func (r *tarReader) passed(size int64, err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		unknown("cut", "the bundle ends before its end")
	} else if err != nil {
		panic(unreadable{err})
	}
	r.at += size
}

// next is the next member, whose bytes must then be taken or skipped; nil after the very end.
func (r *tarReader) next() *member {
	raw := r.exactly(block)
	if bytes.Equal(raw, zeroBlock) {
		behind := r.exactly(block)
		if _, err := r.in.ReadByte(); err == nil || !bytes.Equal(behind, zeroBlock) {
			refuse("bundle", "something stands behind the end of the bundle")
		} else if !errors.Is(err, io.EOF) {
			panic(unreadable{err})
		}
		return nil
	}
	name, folder := nameField.FindSubmatch(raw[:100]), folderField.FindSubmatch(raw[345:500])
	if size := sizeField.FindSubmatch(raw[124:136]); name != nil && folder != nil && size != nil {
		found := &member{folder: string(folder[1]), name: string(name[1]), offset: r.at}
		found.size, _ = strconv.ParseInt(string(size[1]), 8, 64)
		if bytes.Equal(header(found.folder, found.name, found.size), raw) {
			return found
		}
	}
	refuse("bundle", "no header of a bundle at byte "+strconv.FormatInt(r.at-block, 10))
	return nil
}

// take is the member's bytes; the caller has judged its size.
func (r *tarReader) take(one *member) []byte {
	data := r.exactly(one.size)
	r.padding(one)
	return data
}

func (r *tarReader) skip(one *member) {
	left := one.size
	if r.file != nil && left > int64(r.in.Size()) {
		// All but the last byte, which shows that they are there.
		if _, err := r.file.Seek(r.at+left-1, io.SeekStart); err != nil {
			panic(unreadable{err})
		}
		r.in.Reset(r.file)
		r.at += left - 1
		left = 1
	}
	for left > 0 {
		part := min(left, 1<<20)
		_, err := r.in.Discard(int(part))
		r.passed(part, err)
		left -= part
	}
	r.padding(one)
}

func (r *tarReader) padding(one *member) {
	for _, zero := range r.exactly((block - one.size%block) % block) {
		if zero != 0 {
			refuse("bundle", "something stands behind "+one.folder+"/"+one.name)
		}
	}
}
