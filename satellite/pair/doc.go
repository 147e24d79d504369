// Package pair pairs the satellite with a hub: it looks for hubs, carries one of the ways
// of protocol/pairing out with those that it finds, and keeps the key.
//
// One attempt runs at a time. All hubs in the network are asked at the same time, since
// nothing tells before which of them has its window open; the first that opens it, or
// that proves to have the code, gets the satellite, and the others are left alone.
package pair
