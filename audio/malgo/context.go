//go:build cgo && linux

package malgo

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	miniaudio "github.com/gen2brain/malgo"
)

func newContext(backend miniaudio.Backend, log func(string)) (*miniaudio.AllocatedContext, error) {
	var cfg miniaudio.ContextConfig
	cfg.Alsa.UseVerboseDeviceEnumeration = 1 // names as ALSA has them
	context, err := miniaudio.InitContext([]miniaudio.Backend{backend}, cfg, log)
	if errors.Is(err, miniaudio.ErrNoBackend) {
		return nil, fmt.Errorf("ALSA's library can't be loaded: install libasound2: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("loading ALSA's library: %w", err)
	}
	return context, nil
}

// Devices lists the PCMs that ALSA's configuration names, without "hw:" devices and
// the null device. It opens none of them. No PCM at all is not an error.
func Devices(logger *slog.Logger) ([]PCM, error) {
	context, err := newContext(miniaudio.Backend(miniaudio.BackendAlsa), func(string) {})
	if err != nil {
		return nil, fmt.Errorf("malgo: %w", err)
	}
	defer context.Free()
	defer func() {
		if err := context.Uninit(); err != nil {
			logger.Warn("closing the sound library", "error", err)
		}
	}()
	var all []PCM
	for _, kind := range []miniaudio.DeviceType{miniaudio.Capture, miniaudio.Playback} {
		infos, err := context.Devices(kind)
		if err != nil {
			return nil, fmt.Errorf("malgo: listing devices: %w", err)
		}
		for _, info := range infos {
			name, _, _ := strings.Cut(string(info.ID[:]), "\x00")
			if name == "" || name == nullPCM || strings.HasPrefix(name, "hw:") {
				continue
			}
			title := strings.Join(strings.Fields(info.Name()), " ")
			all = append(all, PCM{Name: name, Title: title, Capture: kind == miniaudio.Capture})
		}
	}
	return all, nil
}
