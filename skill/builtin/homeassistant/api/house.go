package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Area is a room, or another part of a house.
type Area struct {
	ID      string  `json:"area_id"`
	Name    string  `json:"name"`
	Aliases []Alias `json:"aliases"`
	Floor   Text    `json:"floor_id"`
	// Sensors that the owner chose for the area; empty where there are none.
	Temperature Text `json:"temperature_entity_id"`
	Humidity    Text `json:"humidity_entity_id"`
}

// Floor is several areas, such as those upstairs.
type Floor struct {
	ID      string  `json:"floor_id"`
	Name    string  `json:"name"`
	Aliases []Alias `json:"aliases"`
}

// Device is what entities are parts of.
type Device struct {
	ID   string `json:"id"`
	Area Text   `json:"area_id"`
}

// Entity is what the registry says of one.
type Entity struct {
	ID         string `json:"entity_id"`
	Device     Text   `json:"device_id"`
	Area       Text   `json:"area_id"` // else that of its device
	Name       Text   `json:"name"`    // that the owner gave
	DisabledBy Text   `json:"disabled_by"`
	HiddenBy   Text   `json:"hidden_by"`
	Category   Text   `json:"entity_category"` // "config" or "diagnostic"
	Options    struct {
		Conversation struct {
			Expose *bool `json:"should_expose"`
		} `json:"conversation"`
	} `json:"options"`
	Aliases []Alias `json:"aliases"`
}

// State is how an entity is, with the attributes that somebody asks for.
type State struct {
	ID         string     `json:"entity_id"`
	State      Text       `json:"state"`
	Attributes Attributes `json:"attributes"`
}

// Attributes are those of a State. What an entity has of another type than is usual is as
// if it were not there.
type Attributes struct {
	Name        Text   `json:"friendly_name"`
	Class       Text   `json:"device_class"`
	Unit        Text   `json:"unit_of_measurement"`
	ColorModes  Texts  `json:"supported_color_modes"`
	Temperature Number `json:"temperature"`         // that is wanted
	Current     Number `json:"current_temperature"` // that is measured
	Least       Number `json:"min_temp"`
	Most        Number `json:"max_temp"`
	Features    Number `json:"supported_features"` // a bit for each, which the domain counts
}

// House is all that is known of a house.
type House struct {
	Areas    []Area
	Floors   []Floor
	Devices  []Device
	Entities []Entity
	States   []State
	// Exposed are the entities of which the owner said whether assistants may have them.
	Exposed map[string]bool
	// Unit of temperatures: "°C" or "°F".
	Unit string
}

// aliasesAtOnce is how many entities are asked for their aliases in one command.
const aliasesAtOnce = 200

// Started reports whether Home Assistant has started. It takes connections before: then it
// misses entities, and commands, and what it had restored may change.
func Started(ctx context.Context, c *Conn) (bool, error) {
	var config struct {
		State Text `json:"state"`
	}
	err := c.Do(ctx, Command{"type": "get_config"}, &config)
	return config.State == "RUNNING" || config.State == "", err
}

// Load asks for all that is known of a house. Of the entities that want says true of it
// knows the aliases as well.
func Load(ctx context.Context, c *Conn, want func(Entity) bool) (*House, error) {
	h := &House{Exposed: make(map[string]bool)}
	var config struct {
		Units struct {
			Temperature Text `json:"temperature"`
		} `json:"unit_system"`
	}
	for command, out := range map[string]any{
		"get_config": &config, "get_states": &h.States, "config/area_registry/list": &h.Areas,
		"config/device_registry/list": &h.Devices, "config/entity_registry/list": &h.Entities,
	} {
		if err := c.Do(ctx, Command{"type": command}, out); err != nil {
			return nil, fmt.Errorf("api: %s: %w", command, err)
		}
	}
	h.Unit = string(config.Units.Temperature)
	for _, e := range h.Entities {
		if e.Options.Conversation.Expose != nil {
			h.Exposed[e.ID] = *e.Options.Conversation.Expose
		}
	}
	return h, errors.Join(h.loadFloors(ctx, c), h.loadExposed(ctx, c), h.loadAliases(ctx, c, want))
}

func (h *House) loadFloors(ctx context.Context, c *Conn) error {
	err := c.Do(ctx, Command{"type": "config/floor_registry/list"}, &h.Floors)
	var refused *Error
	if errors.As(err, &refused) && refused.Code == CodeUnknownCommand {
		return nil // before 2024.3
	}
	return err
}

// loadExposed asks for the entities that are in no registry. That is for administrators: the
// others have none of them.
func (h *House) loadExposed(ctx context.Context, c *Conn) error {
	var list struct {
		Exposed map[string]struct {
			Conversation *bool `json:"conversation"`
		} `json:"exposed_entities"`
	}
	err := c.Do(ctx, Command{"type": "homeassistant/expose_entity/list"}, &list)
	var refused *Error
	if errors.As(err, &refused) && (refused.Code == CodeUnauthorized || refused.Code == CodeUnknownCommand) {
		return nil
	}
	all, some := true, false // of the list are exposed
	for id, e := range list.Exposed {
		if e.Conversation != nil {
			h.Exposed[id] = *e.Conversation
			some = some || *e.Conversation
		}
		all = all && e.Conversation != nil && *e.Conversation
	}
	if all && some {
		h.hideOthers()
	}
	return err
}

// hideOthers is for the newer list (2025.4), which has those that are exposed, rather than
// those about which is decided (2024.3): what is in no registry and not in the list is not
// exposed.
func (h *House) hideOthers() {
	known := make(map[string]bool)
	for _, e := range h.Entities {
		known[e.ID] = true
	}
	for _, s := range h.States {
		if _, listed := h.Exposed[s.ID]; !listed && !known[s.ID] {
			h.Exposed[s.ID] = false
		}
	}
}

func (h *House) loadAliases(ctx context.Context, c *Conn, want func(Entity) bool) error {
	at := make(map[string]int)
	var ids []string
	for i, e := range h.Entities {
		if want(e) {
			ids, at[e.ID] = append(ids, e.ID), i
		}
	}
	for some := range slices.Chunk(ids, aliasesAtOnce) {
		var entries map[string]*Entity
		err := c.Do(ctx, Command{"type": "config/entity_registry/get_entries", "entity_ids": some}, &entries)
		var refused *Error
		if errors.As(err, &refused) && refused.Code == CodeUnknownCommand {
			return nil // before 2023.2
		}
		if err != nil {
			return fmt.Errorf("api: aliases: %w", err)
		}
		for id, e := range entries {
			if i, ok := at[id]; ok && e != nil {
				h.Entities[i].Aliases = e.Aliases
			}
		}
	}
	return nil
}

// StateChanged is the data of the event state_changed.
type StateChanged struct {
	ID  string `json:"entity_id"`
	New *State `json:"new_state"` // nil: there is no such entity any more
}

// Names of events.
const (
	EventState    = "state_changed"
	EventEntities = "entity_registry_updated"
	EventDevices  = "device_registry_updated"
	EventAreas    = "area_registry_updated"
)

// Call is a service that is called for entities.
type Call struct {
	Domain, Service string
	Entities        []string
	Data            map[string]any
}

// Do calls the service of c and waits until it was carried out.
func (s Call) Do(ctx context.Context, c *Client) error {
	command := Command{
		"type": "call_service", "domain": s.Domain, "service": s.Service,
		"target": map[string]any{"entity_id": s.Entities},
	}
	if len(s.Data) > 0 {
		command["service_data"] = s.Data
	}
	return c.Do(ctx, command, nil)
}

// Text is a string; anything else that is sent in its place is "".
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(data []byte) error {
	var s string
	*t = ""
	if json.Unmarshal(data, &s) == nil {
		*t = Text(s)
	}
	return nil
}

// Alias is another name. In newer versions a null stands for the name itself.
type Alias = Text

// Number is a number, or none (nil in Value) where something else is sent.
type Number struct{ Value *float64 }

// UnmarshalJSON implements json.Unmarshaler.
func (n *Number) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &n.Value) != nil {
		n.Value = nil
	}
	return nil
}

// Texts are strings; anything else that is sent in their place is none.
type Texts []Text

// UnmarshalJSON implements json.Unmarshaler.
func (t *Texts) UnmarshalJSON(data []byte) error {
	var all []Text
	*t = nil
	if json.Unmarshal(data, &all) == nil {
		*t = all
	}
	return nil
}
