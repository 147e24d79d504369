package coap_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

// Two endpoints, of which each could ask the other.
func Example() {
	mux := new(coap.Mux)
	mux.Handle(codes.POST, "greet", func(_ coap.Peer, req *coap.Request, reply func(*coap.Response)) {
		reply(&coap.Response{Code: codes.Content, Body: fmt.Appendf(nil, "hello, %s", req.Body)})
	})
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	server, err := coap.Listen(coap.Config{Addr: loopback, Handler: mux.Serve})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client, err := coap.Listen(coap.Config{Addr: loopback})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	peer := client.Peer(server.LocalAddr())
	resp, err := peer.Do(context.Background(), &coap.Request{Code: codes.POST, Path: "greet", Body: []byte("Ada")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.Code, string(resp.Body))
	// Output: Content hello, Ada
}
