package hatest

import (
	"cmp"
	"maps"
	"slices"
)

func stateOf(e Entity) map[string]any {
	attributes := map[string]any{"friendly_name": e.Name}
	maps.Copy(attributes, e.Attributes)
	return map[string]any{"entity_id": e.ID, "state": e.State, "attributes": attributes, "last_changed": "2026-11-26T06:00:00+00:00"}
}

func (h House) states() []any {
	out := []any{}
	for _, e := range h.Entities {
		if !e.Disabled {
			out = append(out, stateOf(e))
		}
	}
	return out
}

func (h House) areas() []any {
	out := []any{}
	for _, a := range h.Areas {
		out = append(out, map[string]any{
			"area_id": a.ID, "name": a.Name, "aliases": append([]string{}, a.Aliases...), "floor_id": null(a.Floor),
			"temperature_entity_id": null(a.Temperature), "humidity_entity_id": nil,
		})
	}
	return out
}

func (h House) floors() []any {
	out := []any{}
	for _, f := range h.Floors {
		out = append(out, map[string]any{"floor_id": f.ID, "name": f.Name, "aliases": append([]string{}, f.Aliases...), "level": nil})
	}
	return out
}

func (h House) devices() []any {
	out := []any{}
	seen := make(map[string]bool)
	for _, e := range h.Entities {
		if e.Device != "" && !seen[e.Device] {
			seen[e.Device] = true
			out = append(out, map[string]any{"id": e.Device, "area_id": null(e.Area), "name": e.Device})
		}
	}
	return out
}

func (e Entity) entry() map[string]any {
	area, hidden, disabled := null(e.Area), any(nil), any(nil)
	if e.Device != "" {
		area = nil
	}
	if e.Hidden {
		hidden = "user"
	}
	if e.Disabled {
		disabled = "user"
	}
	options := map[string]any{}
	if e.Expose != nil {
		options["conversation"] = map[string]any{"should_expose": *e.Expose}
	}
	return map[string]any{
		"entity_id": e.ID, "device_id": null(e.Device), "area_id": area, "name": nil, "original_name": e.Name,
		"hidden_by": hidden, "disabled_by": disabled, "entity_category": null(e.Category), "options": options,
	}
}

func (h House) registry() []any {
	out := []any{}
	for _, e := range h.Entities {
		if !e.Legacy {
			out = append(out, e.entry())
		}
	}
	return out
}

func (h House) entries(ids []string) map[string]any {
	out := make(map[string]any)
	for _, id := range ids {
		out[id] = nil
		for _, e := range h.Entities {
			if e.ID == id && !e.Legacy {
				entry := e.entry()
				aliases := []any{nil} // the name itself
				for _, a := range slices.Sorted(slices.Values(e.Aliases)) {
					aliases = append(aliases, a)
				}
				entry["aliases"] = aliases
				out[id] = entry
			}
		}
	}
	return out
}

func (h House) exposed() map[string]any {
	out := make(map[string]any)
	for _, e := range h.Entities {
		switch {
		case e.Expose != nil && (*e.Expose || h.Older):
			out[e.ID] = map[string]any{"conversation": *e.Expose}
		case h.Older && !e.Legacy:
			out[e.ID] = map[string]any{}
		}
	}
	return out
}

// null is nil for "".
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (h House) unit() string { return cmp.Or(h.Unit, "°C") }
