// Package control is the unix socket between a running daemon and the command line
// or the demo: calls, and subscriptions that stream events.
//
// Each message is one line of JSON, at most 1 MiB long. The client sends
//
//	{"id":1,"method":"clients.list","params":{}}    a call, or the begin of a subscription
//	{"id":1,"cancel":true}                          the end of either
//
// and the server answers, in any order,
//
//	{"id":1,"result":[]}                            to a call: its end
//	{"id":1,"event":{},"gap":3}                     to a subscription: one event;
//	                                                3 events before it were lost
//	{"id":1,"end":true}                             to a subscription: its end
//	{"id":1,"error":{"code":"failed","message":""}} to either: its end
//
// A reader that is too slow never holds the daemon up: it loses the oldest events
// and is told how many. Who may open the socket (mode 0600) may do everything.
package control
