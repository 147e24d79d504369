// Package daemon makes a running hub out of its settings: it opens the files, starts
// the speech engines, announces the hub on the network and serves its control socket.
package daemon
