// Package pack reads wake word packs: a manifest in JSON and the TensorFlow Lite
// model that it names, or a model alone. It checks them completely, so that what it
// gives can be run. Files are looked for in one folder only, and links that lead out
// of it are not followed.
package pack
