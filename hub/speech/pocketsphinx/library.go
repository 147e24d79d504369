//go:build !vapd_nodl

package pocketsphinx

import (
	"fmt"

	"github.com/ebitengine/purego"
)

// library is the part of the C interface that is used. Pointers to C structures are
// uintptr: they are never followed here.
type library struct {
	newConfig  func() uintptr
	setString  func(config uintptr, name, value string)
	setGrammar func(decoder uintptr, name, jsgf string) int32 // negative on error
	useGrammar func(decoder uintptr, name string) int32       // negative on error

	setLog     func(file uintptr)
	free       func(uintptr)
	init       func(config uintptr) uintptr
	lookupWord func(decoder uintptr, word string) uintptr // to be freed; 0 when unknown
	addWord    func(decoder uintptr, word, phones string, update int32) int32
	start      func(decoder uintptr) int32
	processRaw func(decoder uintptr, samples *int16, n uintptr, noSearch, whole int32) int32
	end        func(decoder uintptr) int32
	hypothesis func(decoder uintptr, score *int32) string
	freePS     func(decoder uintptr) int32
}

// open finds the library of either generation.
func open() (*library, error) {
	const flags = purego.RTLD_NOW | purego.RTLD_GLOBAL
	if h, err := purego.Dlopen("libpocketsphinx.so.3", flags); err == nil {
		base, err := purego.Dlopen("libsphinxbase.so.3", flags)
		if err != nil {
			return nil, fmt.Errorf("pocketsphinx: open libsphinxbase.so.3: %w: install libsphinxbase3", err)
		}
		return bind08(h, base)
	}
	h, err := purego.Dlopen("libpocketsphinx.so.5", flags)
	if err != nil {
		return nil, fmt.Errorf("pocketsphinx: no libpocketsphinx.so.3 or .so.5: install libpocketsphinx3 (Debian 12) or libpocketsphinx5")
	}
	return bind5(h)
}

// bind08 binds version 0.8, "5prealpha".
func bind08(h, base uintptr) (*library, error) {
	var l library
	var (
		args   func() uintptr
		parse  func(config, definitions uintptr, argc int32, argv uintptr, strict int32) uintptr
		setStr func(config uintptr, name, value string)
	)
	err := bind(
		symbol{h, "ps_args", &args},
		symbol{base, "cmd_ln_parse_r", &parse},
		symbol{base, "cmd_ln_set_str_r", &setStr},
		symbol{base, "err_set_logfp", &l.setLog},
		symbol{base, "ckd_free", &l.free},
		symbol{h, "ps_set_jsgf_string", &l.setGrammar},
		symbol{h, "ps_set_search", &l.useGrammar},
	)
	if err != nil {
		return nil, err
	}
	l.newConfig = func() uintptr { return parse(0, args(), 0, 0, 0) }
	l.setString = func(config uintptr, name, value string) { setStr(config, "-"+name, value) }
	return &l, l.bindCommon(h)
}

// bind5 binds version 5.
func bind5(h uintptr) (*library, error) {
	var l library
	var (
		newConfig func(definitions uintptr) uintptr
		setStr    func(config uintptr, name, value string) uintptr
		setBool   func(config uintptr, name string, value int32) uintptr
	)
	err := bind(
		symbol{h, "ps_config_init", &newConfig},
		symbol{h, "ps_config_set_str", &setStr},
		symbol{h, "ps_config_set_bool", &setBool},
		symbol{h, "err_set_logfp", &l.setLog},
		symbol{h, "ckd_free", &l.free},
		symbol{h, "ps_add_jsgf_string", &l.setGrammar},
		symbol{h, "ps_activate_search", &l.useGrammar},
	)
	if err != nil {
		return nil, err
	}
	l.newConfig = func() uintptr {
		config := newConfig(0)
		setBool(config, "bestpath", 0) // a second search, which takes longer than the first
		return config
	}
	l.setString = func(config uintptr, name, value string) { setStr(config, name, value) }
	return &l, l.bindCommon(h)
}

func (l *library) bindCommon(h uintptr) error {
	return bind(
		symbol{h, "ps_init", &l.init},
		symbol{h, "ps_lookup_word", &l.lookupWord},
		symbol{h, "ps_add_word", &l.addWord},
		symbol{h, "ps_start_utt", &l.start},
		symbol{h, "ps_process_raw", &l.processRaw},
		symbol{h, "ps_end_utt", &l.end},
		symbol{h, "ps_get_hyp", &l.hypothesis},
		symbol{h, "ps_free", &l.freePS},
	)
}

// symbol is a C function and the Go variable that it is bound to.
type symbol struct {
	library  uintptr
	name     string
	function any
}

func bind(symbols ...symbol) error {
	for _, s := range symbols {
		address, err := purego.Dlsym(s.library, s.name)
		if err != nil {
			return fmt.Errorf("pocketsphinx: this version of the library has no %s: %w", s.name, err)
		}
		purego.RegisterFunc(s.function, address)
	}
	return nil
}
