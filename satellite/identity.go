package satellite

import "vapd/internal/identity"

// Identity is the satellite's id, which store keeps: the protocol wants
// org.company.product, and a part of the device's own makes it unique. Whoever has lost
// it is a new satellite.
func Identity(store Store) (string, error) { return identity.Load(store, "org.vapd.satellite") }
