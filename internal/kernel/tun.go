// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TUNOptions say how a TUN device is opened.
type TUNOptions struct {
	// VNetHeader puts a virtio header of 10 octets in front of each packet.
	VNetHeader bool
	// Offload asks the kernel for TCP and UDP super-packets and for packets
	// whose checksum is left to us. Needs VNetHeader.
	Offload bool
}

// TUN is one queue of a multi-queue TUN device. Any number of goroutines may
// write, one reads; Close wakes the reader. The device exists until its last
// queue is closed.
type TUN struct {
	name string
	file *os.File
	conn syscall.RawConn

	// The reader's arguments and results: a closure made once costs no
	// allocation a call.
	buffer []byte
	wait   bool // block until there is a packet
	n      int
	err    error
	read   func(fd uintptr) bool
}

// OpenTUN opens a TUN device of so many queues in the calling thread's network
// namespace, and makes it if it is not there.
func OpenTUN(name string, queues int, o TUNOptions) ([]*TUN, error) {
	flags := uint16(unix.IFF_TUN | unix.IFF_NO_PI | unix.IFF_MULTI_QUEUE)
	if o.VNetHeader {
		flags |= unix.IFF_VNET_HDR
	}
	opened := make([]*TUN, 0, queues)
	for range queues {
		t, err := openQueue(name, flags, o.Offload)
		if err != nil {
			for _, t := range opened {
				err = errors.Join(err, t.Close())
			}
			return nil, err
		}
		opened = append(opened, t)
	}
	return opened, nil
}

func openQueue(name string, flags uint16, offload bool) (*TUN, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("kernel: open /dev/net/tun: %w", err)
	}
	if err := attachQueue(fd, name, flags, offload); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	// Only now: the poller takes no descriptor that is not yet attached.
	t := &TUN{name: name, file: os.NewFile(uintptr(fd), "tun:"+name)}
	if t.conn, err = t.file.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("kernel: poll %s: %w", name, err), t.file.Close())
	}
	t.read = t.readOnce
	return t, nil
}

func attachQueue(fd int, name string, flags uint16, offload bool) error {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return fmt.Errorf("kernel: device name %q: %w", name, err)
	}
	request.SetUint16(flags)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return fmt.Errorf("kernel: attach to TUN device %s: %w", name, err)
	}
	if !offload {
		return nil
	}
	const tcp = unix.TUN_F_CSUM | unix.TUN_F_TSO4 | unix.TUN_F_TSO6 | unix.TUN_F_TSO_ECN
	if unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, tcp|unix.TUN_F_USO4|unix.TUN_F_USO6) == nil {
		return nil
	}
	// UDP super-packets came with Linux 6.2.
	if err := unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, tcp); err != nil {
		return fmt.Errorf("kernel: offloads of %s: %w", name, err)
	}
	return nil
}

// Name is the device's name.
func (t *TUN) Name() string { return t.name }

// Read waits for a packet and reads it into b, behind its virtio header if the
// device has one. A packet that is longer than b is cut.
func (t *TUN) Read(b []byte) (int, error) { return t.receive(b, true) }

// TryRead is Read, but returns 0 at once when no packet waits.
func (t *TUN) TryRead(b []byte) (int, error) { return t.receive(b, false) }

func (t *TUN) receive(b []byte, wait bool) (int, error) {
	t.buffer, t.wait, t.n, t.err = b, wait, 0, nil
	if t.conn.Read(t.read) != nil { // there are no deadlines: this is all that it can be
		return 0, fmt.Errorf("kernel: read %s: %w", t.name, os.ErrClosed)
	}
	if t.err != nil {
		return 0, fmt.Errorf("kernel: read %s: %w", t.name, t.err)
	}
	return t.n, nil
}

func (t *TUN) readOnce(fd uintptr) (done bool) {
	for {
		n, err := unix.Read(int(fd), t.buffer)
		switch err {
		case nil:
			t.n = n
			return true
		case unix.EINTR:
		case unix.EAGAIN:
			return !t.wait
		default:
			t.err = err
			return true
		}
	}
}

// tunVectors is how many parts a packet may have: some headers, and as many
// payloads as a super-packet has segments.
const tunVectors = 80

// TUNWriter writes to a queue on behalf of one goroutine.
type TUNWriter struct {
	tun     *TUN
	vectors [tunVectors]unix.Iovec
	used    int
	err     error
	write   func(fd uintptr) bool
}

// NewWriter returns a writer of its own for a goroutine.
func (t *TUN) NewWriter() *TUNWriter {
	w := &TUNWriter{tun: t}
	w.write = w.writeOnce
	return w
}

// Write hands a packet to the kernel as if it had come in through the device.
// The packet lies in parts, behind its virtio header if the device has one.
// Write does not wait: what the kernel will not take now is an error.
func (w *TUNWriter) Write(parts [][]byte) error {
	if len(parts) > len(w.vectors) {
		return unix.EINVAL
	}
	for i, b := range parts {
		w.vectors[i].Base = unsafe.SliceData(b)
		w.vectors[i].SetLen(len(b))
	}
	w.used, w.err = len(parts), nil
	if w.tun.conn.Write(w.write) != nil {
		return os.ErrClosed
	}
	return w.err
}

func (w *TUNWriter) writeOnce(fd uintptr) (done bool) {
	for {
		_, _, errno := unix.Syscall(unix.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&w.vectors)), uintptr(w.used))
		switch errno {
		case 0:
			return true
		case unix.EINTR:
		default:
			w.err = errno
			return true
		}
	}
}

// Close detaches the queue.
func (t *TUN) Close() error { return t.file.Close() }
