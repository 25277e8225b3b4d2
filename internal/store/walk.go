// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"os"
)

// The format of bbolt's pages, as far as a walk through them needs it. All
// numbers are of the machine's byte order; we run on little-endian ones.
const (
	pageHeader  = 16 // id 8, flags 2, count 2, overflow 4
	element     = 16 // branch: position 4, key size 4, page 8; leaf: flags 4, position 4, key size 4, value size 4
	branchPage  = 0x01
	leafPage    = 0x02
	freePage    = 0x10
	bucketFlag  = 0x01 // of a leaf element: its value is a bucket's header
	depthMax    = 64
	pageSizeMax = 1 << 16
	noFreelist  = ^uint64(0)
)

// walker reads the pages that a file's tree reaches.
type walker struct {
	file     *os.File
	pageSize uint64
	size     uint64 // octets of the file
	high     uint64 // pages below this one are in use or free
	seen     []bool // by page
}

// walk checks that the tree of a file is one: each page of it is reached once,
// lies inside the file, is of its kind, and has its keys in order; no page is both
// in the tree and free. It reads the file, not mapped memory, and believes nothing.
func walk(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	w := &walker{file: file, size: uint64(info.Size())}
	root, free, err := w.meta()
	if err != nil {
		return err
	}
	w.seen = make([]bool, w.high)
	if err := w.tree(root, nil, nil, 0); err != nil {
		return err
	}
	return w.freelist(free)
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...)
}

// meta finds the meta page in force: of the two that are sound the later one.
func (w *walker) meta() (root, free uint64, err error) {
	var latest []byte
	for _, size := range []uint64{4096, 8192, 16384, 32768, pageSizeMax} { // of the machine that made the file
		for i := range uint64(2) {
			b := make([]byte, 80)
			if _, err := w.file.ReadAt(b, int64(i*size)); err != nil {
				continue
			}
			sum := fnv.New64a()
			sum.Write(b[16:72])
			if sum.Sum64() != le(b[72:]) || uint64(binary.LittleEndian.Uint32(b[24:])) != size {
				continue
			}
			if latest == nil || le(b[64:]) > le(latest[64:]) {
				latest = b
			}
		}
		if latest != nil {
			w.pageSize = size
			break
		}
	}
	if latest == nil {
		return 0, 0, damaged("no meta page")
	}
	w.high = le(latest[56:])
	if w.high > w.size/w.pageSize {
		return 0, 0, damaged("%d pages are missing at its end", w.high-w.size/w.pageSize)
	}
	return le(latest[32:]), le(latest[48:]), nil
}

func le(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// page reads a page with those it flows over into, once.
func (w *walker) page(id uint64) (b []byte, err error) {
	if id < 2 || id >= w.high {
		return nil, damaged("page %d of %d", id, w.high)
	}
	b = make([]byte, w.pageSize)
	if _, err := w.file.ReadAt(b, int64(id*w.pageSize)); err != nil {
		return nil, fmt.Errorf("store: page %d: %w", id, err)
	}
	more := uint64(binary.LittleEndian.Uint32(b[12:]))
	if le(b) != id || more >= w.high-id {
		return nil, damaged("page %d: header", id)
	}
	for i := range more + 1 {
		if w.seen[id+i] {
			return nil, damaged("page %d is used twice", id+i)
		}
		w.seen[id+i] = true
	}
	if more > 0 {
		b = make([]byte, (more+1)*w.pageSize)
		if _, err := w.file.ReadAt(b, int64(id*w.pageSize)); err != nil {
			return nil, fmt.Errorf("store: page %d: %w", id, err)
		}
	}
	return b, nil
}

// tree checks what a page reaches. Its keys are low or greater and, unless high is
// nil, less than high.
func (w *walker) tree(id uint64, low, high []byte, depth int) error {
	if depth > depthMax {
		return damaged("page %d: the tree is too deep", id)
	}
	b, err := w.page(id)
	if err != nil {
		return err
	}
	return w.elements(id, b, low, high, depth)
}

// elements checks the elements of a page, or of a bucket that lies inline.
func (w *walker) elements(id uint64, b, low, high []byte, depth int) error {
	flags, count := binary.LittleEndian.Uint16(b[8:]), int(binary.LittleEndian.Uint16(b[10:]))
	if flags != branchPage && flags != leafPage || pageHeader+count*element > len(b) || flags == branchPage && count == 0 {
		return damaged("page %d: flags %#x, %d elements", id, flags, count)
	}
	keys := make([][]byte, count+1)
	keys[count] = high
	inherited := low
	var values [][]byte
	for i := range count {
		at := pageHeader + i*element
		e := b[at : at+element]
		position, size, value := uint64(binary.LittleEndian.Uint32(e)), uint64(binary.LittleEndian.Uint32(e[4:])), uint64(0)
		if flags == leafPage {
			position, size, value = size, uint64(binary.LittleEndian.Uint32(e[8:])), uint64(binary.LittleEndian.Uint32(e[12:]))
		}
		from := uint64(at) + position
		if from+size+value > uint64(len(b)) {
			return damaged("page %d: element %d lies outside", id, i)
		}
		keys[i] = b[from : from+size]
		values = append(values, b[from+size:from+size+value])
		// The first key of a branch is whatever was the least once.
		first := i == 0 && flags == branchPage
		if !first && bytes.Compare(keys[i], low) < 0 || i > 0 && bytes.Equal(keys[i], low) || high != nil && bytes.Compare(keys[i], high) >= 0 {
			return damaged("page %d: key %d is not in order", id, i)
		}
		if i > 0 || flags == leafPage {
			low = keys[i]
		} else {
			keys[i] = inherited
		}
	}
	for i := range count {
		e := b[pageHeader+i*element:]
		var err error
		switch {
		case flags == branchPage:
			err = w.tree(le(e[8:]), keys[i], keys[i+1], depth+1)
		case binary.LittleEndian.Uint32(e)&bucketFlag != 0:
			err = w.bucket(id, values[i], depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bucket checks what the header of a bucket leads to: a page, or with page 0 what
// follows it.
func (w *walker) bucket(id uint64, header []byte, depth int) error {
	if len(header) < 16 {
		return damaged("page %d: bucket of %d octets", id, len(header))
	}
	if root := le(header); root != 0 {
		return w.tree(root, nil, nil, depth+1)
	}
	if len(header) < 16+pageHeader {
		return damaged("page %d: inline bucket of %d octets", id, len(header))
	}
	return w.elements(id, header[16:], nil, nil, depth+1)
}

// freelist checks that what is said to be free is not in use.
func (w *walker) freelist(id uint64) error {
	if id == noFreelist {
		return nil
	}
	b, err := w.page(id)
	if err != nil {
		return err
	}
	count, ids := uint64(binary.LittleEndian.Uint16(b[10:])), b[pageHeader:]
	if count == 0xffff {
		count, ids = le(ids), ids[8:]
	}
	if binary.LittleEndian.Uint16(b[8:]) != freePage || count > uint64(len(ids)/8) {
		return damaged("page %d: list of %d free pages", id, count)
	}
	last := uint64(1)
	for i := range count {
		free := le(ids[8*i:])
		if free <= last || free >= w.high || w.seen[free] {
			return damaged("page %d, which is in use, is among the free ones", free)
		}
		last = free
	}
	return nil
}
