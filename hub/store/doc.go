// Package store keeps what the hub has to know after a restart: clients, skills, tokens,
// grants and the timers that satellites reported.
//
// The records are few and small, so all of them are in memory, and one file, hub.db
// (bbolt), is their durable copy. A change is in the file, and the file on the disk,
// before Apply returns; readers never wait for the disk. So a disk that is full,
// read-only or broken costs changes, which are refused by ErrRefused, but nothing that
// is known already, and what is in memory can be written anew once the disk takes it.
//
// bbolt has no checksums but those of its two header pages, and panics on pages that
// make no sense. Therefore each record carries a CRC-32C over its bucket, key and value,
// each bucket the sum of those of its records, and the file is looked through in another
// process before this one opens it (Check, Checker). What is damaged is set aside as
// hub.db.damaged-DATE, and the newest backup that is whole takes its place; Health tells.
//
// Backups (hub.backup, and the one before, hub.backup.1) are written by themselves some
// seconds after a change, then every ten minutes while there are changes, and when the
// store is closed. They have a format of their own, with a checksum over all, which is
// read without bbolt: see WriteBackup.
//
// All files have mode 0600: they hold keys.
package store
