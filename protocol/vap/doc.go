// Package vap holds what the registries of the voice assistant protocol share: its
// version, MessagePack encoding, capabilities, errors and codes.
//
// Messages are MessagePack maps with camelCase keys; unknown keys are ignored.
// Capabilities lie flattened beside their name: {name: "voice", text: "..."}.
// docs/capabilities.md lists those that vapd knows.
package vap
