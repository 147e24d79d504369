package alsa

import "unsafe"

//lint:file-ignore U1000 the fields are the kernel's, used or not

// The structures of sound/asound.h, with the header's field names in Go's spelling.
// A C long and the unsigned long of snd_pcm_uframes_t are int and uint here, whose
// size is that of the program's own architecture; the kernel translates for 32-bit
// programs. This file imports nothing but unsafe, so that a test can lay it out for
// every architecture and compare.

type cardInfo struct {
	card       int32
	_          int32
	id         [16]byte
	driver     [16]byte
	name       [32]byte
	longname   [80]byte
	_          [16]byte
	mixername  [80]byte
	components [128]byte
}

type pcmInfo struct {
	device          uint32
	subdevice       uint32
	stream          int32
	card            int32
	id              [64]byte
	name            [80]byte
	subname         [32]byte
	devClass        int32
	devSubclass     int32
	subdevicesCount uint32
	subdevicesAvail uint32
	sync            [4]uint32
	_               [64]byte
}

// interval is a set of numbers between min and max. Its flags are a C bit field,
// whose first member is the lowest bit on every architecture that is served here.
type interval struct {
	min, max uint32
	flags    uint32
}

type mask struct{ bits [8]uint32 }

// hwParams is what the hardware shall do: masks of access, format and subformat,
// then intervals from paramSampleBits on.
type hwParams struct {
	flags     uint32
	masks     [3]mask
	mres      [5]mask
	intervals [12]interval
	ires      [9]interval
	rmask     uint32
	cmask     uint32
	info      uint32
	msbits    uint32
	rateNum   uint32
	rateDen   uint32
	fifoSize  uint
	_         [64]byte
}

type swParams struct {
	tstampMode       int32
	periodStep       uint32
	sleepMin         uint32
	availMin         uint
	xferAlign        uint
	startThreshold   uint
	stopThreshold    uint
	silenceThreshold uint
	silenceSize      uint
	boundary         uint
	proto            uint32
	tstampType       uint32
	_                [56]byte
}

type elemID struct {
	numid     uint32
	iface     int32
	device    uint32
	subdevice uint32
	name      [44]byte
	index     uint32
}

type elemList struct {
	offset uint32
	space  uint32
	used   uint32
	count  uint32
	pids   unsafe.Pointer
	_      [50]byte
}

// elemInfo's value is a union; see control.go for how it is read.
type elemInfo struct {
	id  elemID
	typ int32
	// access is a set of elemAccess bits.
	access uint32
	count  uint32
	owner  int32
	value  [128]byte
	_      [64]byte
}

// elemValue's value is a union whose largest member is 128 longs. It is aligned as a
// long long is, which on 386 needs no padding before it.
type elemValue struct {
	id       elemID
	indirect uint32
	_        [elemValuePad]byte
	value    [128]uint
	_        [128]byte
}

// Request numbers (include/uapi/asm-generic/ioctl.h): direction, size, group, number.
const (
	ioc   = 0
	iocW  = 1 << 30
	iocR  = 2 << 30
	iocWR = iocW | iocR

	pcmGroup  = 'A' << 8
	ctlGroup  = 'U' << 8
	sizeShift = 16

	pcmInfoRequest     = iocR | unsafe.Sizeof(pcmInfo{})<<sizeShift | pcmGroup | 0x01
	pcmHWRefineRequest = iocWR | unsafe.Sizeof(hwParams{})<<sizeShift | pcmGroup | 0x10
	pcmHWParamsRequest = iocWR | unsafe.Sizeof(hwParams{})<<sizeShift | pcmGroup | 0x11
	pcmSWParamsRequest = iocWR | unsafe.Sizeof(swParams{})<<sizeShift | pcmGroup | 0x13
	pcmPrepareRequest  = ioc | pcmGroup | 0x40
	pcmStartRequest    = ioc | pcmGroup | 0x42
	pcmDropRequest     = ioc | pcmGroup | 0x43
	pcmLinkRequest     = iocW | unsafe.Sizeof(int32(0))<<sizeShift | pcmGroup | 0x60
	pcmUnlinkRequest   = ioc | pcmGroup | 0x61

	ctlCardInfoRequest      = iocR | unsafe.Sizeof(cardInfo{})<<sizeShift | ctlGroup | 0x01
	ctlElemListRequest      = iocWR | unsafe.Sizeof(elemList{})<<sizeShift | ctlGroup | 0x10
	ctlElemInfoRequest      = iocWR | unsafe.Sizeof(elemInfo{})<<sizeShift | ctlGroup | 0x11
	ctlElemReadRequest      = iocWR | unsafe.Sizeof(elemValue{})<<sizeShift | ctlGroup | 0x12
	ctlElemWriteRequest     = iocWR | unsafe.Sizeof(elemValue{})<<sizeShift | ctlGroup | 0x13
	ctlPCMNextDeviceRequest = iocR | unsafe.Sizeof(int32(0))<<sizeShift | ctlGroup | 0x30
	ctlPCMInfoRequest       = iocWR | unsafe.Sizeof(pcmInfo{})<<sizeShift | ctlGroup | 0x31
	ctlPCMPreferRequest     = iocW | unsafe.Sizeof(int32(0))<<sizeShift | ctlGroup | 0x32
)
