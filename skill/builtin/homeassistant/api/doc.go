// Package api is a client of Home Assistant's WebSocket API: it connects, proves itself with
// a long-lived access token, sends commands and hears events, and comes back when the
// connection was lost.
//
// Source: developers.home-assistant.io, docs/api/websocket. What follows was read in Home
// Assistant's core, and is not in there:
//   - The id of a command must be greater than that of the one before ("id_reuse").
//   - Each refused token is a notification to the owner, and several may lock the address
//     out (http.ip_ban_enabled): a refused token is not tried again.
//   - The list of the entity registry has no aliases; config/entity_registry/get_entries has.
//   - homeassistant/expose_entity/list is for administrators. Everybody finds the same in
//     the options of the entity registry, but for entities that are in no registry.
//   - A client that does not read what it is sent is disconnected.
package api
