//go:build !vapd_nodl

package pocketsphinx

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is the part of the C interface that is used. Pointers to C structures are
// uintptr: they are never followed here.
type library struct {
	configure   func(config uintptr, options []option) uintptr            // a new one for 0; 0 on error
	addGrammar  func(decoder uintptr, name string, grammar uintptr) int32 // negative on error
	addPhones   func(decoder uintptr, name string, model uintptr) int32   // negative on error
	use         func(decoder uintptr, name string) int32                  // negative on error
	readGrammar func(path string, logarithms uintptr, languageWeight float32) uintptr
	freeGrammar func(uintptr) int32

	setLog     func(file uintptr)
	free       func(uintptr)
	init       func(config uintptr) uintptr
	lookupWord func(decoder uintptr, word string) string // "" when unknown
	addWord    func(decoder uintptr, word, phones string, update int32) int32
	forget     func(decoder uintptr) int32 // the noise of utterances before; version 5 keeps none, and says -1
	start      func(decoder uintptr) int32
	processRaw func(decoder uintptr, samples *int16, n uintptr, noSearch, whole int32) int32
	end        func(decoder uintptr) int32
	hypothesis func(decoder uintptr, score *int32) string
	logarithms func(decoder uintptr) uintptr
	freePS     func(decoder uintptr) int32

	// Segments of what was heard.
	segments    func(decoder uintptr) uintptr // 0 when there are none
	nextSegment func(segment uintptr) uintptr // 0 behind the last one
	freeSegment func(segment uintptr)
	word        func(segment uintptr) string
	frames      func(segment uintptr, from, to *int32)
	scores      func(segment uintptr, acoustic, language, backoff *int32) int32
}

// option is a setting of the library, without the dash before its name.
type option struct{ name, value string }

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
		args  func() uintptr
		parse func(config, definitions uintptr, argc int32, argv **byte, strict int32) uintptr
	)
	err := bind(
		symbol{h, "ps_args", &args},
		symbol{base, "cmd_ln_parse_r", &parse},
		symbol{base, "err_set_logfp", &l.setLog},
		symbol{base, "ckd_free", &l.free},
		symbol{base, "fsg_model_readfile", &l.readGrammar},
		symbol{base, "fsg_model_free", &l.freeGrammar},
		symbol{h, "ps_set_fsg", &l.addGrammar},
		symbol{h, "ps_set_allphone", &l.addPhones},
		symbol{h, "ps_set_search", &l.use},
	)
	if err != nil {
		return nil, err
	}
	l.configure = func(config uintptr, options []option) uintptr {
		var argv []*byte
		for _, o := range options {
			for _, text := range []string{"-" + o.name, o.value} {
				argv = append(argv, &append([]byte(text), 0)[0])
			}
		}
		config = parse(config, args(), int32(len(argv)), &argv[0], 0)
		runtime.KeepAlive(argv)
		return config
	}
	return &l, l.bindCommon(h)
}

// bind5 binds version 5.
func bind5(h uintptr) (*library, error) {
	var l library
	var (
		newConfig func(definitions uintptr) uintptr
		set       func(config uintptr, name, value string) uintptr
	)
	err := bind(
		symbol{h, "ps_config_init", &newConfig},
		symbol{h, "ps_config_set_str", &set},
		symbol{h, "err_set_logfp", &l.setLog},
		symbol{h, "ckd_free", &l.free},
		symbol{h, "fsg_model_readfile", &l.readGrammar},
		symbol{h, "fsg_model_free", &l.freeGrammar},
		symbol{h, "ps_add_fsg", &l.addGrammar},
		symbol{h, "ps_add_allphone", &l.addPhones},
		symbol{h, "ps_activate_search", &l.use},
	)
	if err != nil {
		return nil, err
	}
	l.configure = func(config uintptr, options []option) uintptr {
		if config == 0 {
			config = newConfig(0)
		}
		for _, o := range options {
			if set(config, o.name, o.value) == 0 {
				return 0
			}
		}
		return config
	}
	return &l, l.bindCommon(h)
}

func (l *library) bindCommon(h uintptr) error {
	var lookupWord func(decoder uintptr, word string) unsafe.Pointer // to be freed
	l.lookupWord = func(decoder uintptr, word string) string {
		phones := lookupWord(decoder, word)
		if phones == nil {
			return ""
		}
		defer l.free(uintptr(phones))
		return cString(phones)
	}
	return bind(
		symbol{h, "ps_init", &l.init},
		symbol{h, "ps_lookup_word", &lookupWord},
		symbol{h, "ps_add_word", &l.addWord},
		symbol{h, "ps_start_stream", &l.forget},
		symbol{h, "ps_start_utt", &l.start},
		symbol{h, "ps_process_raw", &l.processRaw},
		symbol{h, "ps_end_utt", &l.end},
		symbol{h, "ps_get_hyp", &l.hypothesis},
		symbol{h, "ps_get_logmath", &l.logarithms},
		symbol{h, "ps_seg_iter", &l.segments},
		symbol{h, "ps_seg_next", &l.nextSegment},
		symbol{h, "ps_seg_free", &l.freeSegment},
		symbol{h, "ps_seg_word", &l.word},
		symbol{h, "ps_seg_frames", &l.frames},
		symbol{h, "ps_seg_prob", &l.scores},
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

// cString is the text at p, up to the first zero byte.
func cString(p unsafe.Pointer) string {
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}
