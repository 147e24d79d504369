// Package api is a client of Home Assistant's WebSocket API: it connects, proves itself with
// a long-lived access token, sends commands and hears events, and comes back when the
// connection was lost.
//
// Source: developers.home-assistant.io, docs/api/websocket. What follows was seen with Home
// Assistant's core of 2024.3.3 and 2025.4.4, and is not in there:
//   - The id of a command must be greater than that of the one before ("id_reuse").
//   - Each refused token is a notification to the owner, and several may lock the address
//     out, with status 403 (http.login_attempts_threshold): a refused token is not tried again.
//   - Connections are taken before the core has started: get_config says STARTING, and the
//     commands of what is not set up yet are unknown.
//   - The list of the entity registry has no aliases; config/entity_registry/get_entries has.
//   - homeassistant/expose_entity/list is for administrators. Everybody finds the same in
//     the options of the entity registry, but for entities that are in no registry.
//   - Others than administrators may hear of areas, devices, entities and states; of floors
//     only in newer versions.
//   - A service that one of several entities does not support is carried out for none: the
//     error is service_validation_error, in older versions home_assistant_error.
//   - A token that is taken back ends its connections.
//   - A client that does not read what it is sent is disconnected.
package api
