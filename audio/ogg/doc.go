// Package ogg takes the packets out of Ogg Opus files, as opusenc, ffmpeg and telephones
// write them. It decodes no sound: package opus does.
//
//	r, err := ogg.NewReader(file)
//	packet, err := r.Next() // io.EOF after the last one
//
// What a file claims moves no more memory than is there: a packet is at most MaxPacket.
//
// Sources: RFC 3533 (Ogg), RFC 7845 (Ogg Opus).
package ogg
