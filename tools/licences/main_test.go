package main

import (
	"bytes"
	"os"
	"testing"
)

func TestPage(t *testing.T) {
	t.Chdir("..")
	var want bytes.Buffer
	if err := run(&want, false, false); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("docs/licences.md is not what the program is made of: go run -C tools ./licences -w\nwant:\n%s", &want)
	}
}

func TestClassify(t *testing.T) {
	for text, want := range map[string]string{
		"Apache License\n  Version 2.0, January 2004":                                                                          "Apache-2.0",
		"Permission is hereby granted,\nfree of charge, to any person":                                                         "MIT",
		"Redistribution and use in source and binary forms ... Neither the name of":                                            "BSD-3-Clause",
		"Redistribution and use in source and binary forms":                                                                    "BSD-2-Clause",
		"This is free and unencumbered software released into the public domain.":                                              "Unlicense",
		"Permission to use, copy, modify, and distribute this software for any\npurpose with or without fee is hereby granted": "ISC",
		"GNU GENERAL PUBLIC LICENSE Version 3":                                                                                 "",
		"All rights reserved.":                                                                                                 "",
	} {
		if got := classify(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
