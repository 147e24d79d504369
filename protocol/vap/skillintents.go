package vap

// Limits of a registration. MaxRegistration is for all of it, in bytes: the endpoint
// that serves the registry has to take bodies that large (coap.Config.MaxBody).
const (
	MaxRegistration = 1 << 20

	maxRegistered   = 1 << 17 // values of all lists and maps together
	maxIntents      = 1024    // of one language, as all up to maxEntities
	maxUtterances   = 1 << 15 // of one intent
	maxSlots        = 64      // of one intent
	maxEntities     = 1024
	maxEntityValues = 1 << 15 // of one entity
	maxSynonyms     = 256     // of one value
	maxEvents       = 64
	maxNameBytes    = 512  // of an intent, slot, entity or event
	maxTextBytes    = 1024 // of an utterance, prompt or value
)

// RegisterIntents is the body of POST vap/skillRegistry/registerIntents: all that a
// skill wants to be asked. It takes the place of what the skill registered before.
type RegisterIntents struct {
	SkillID string
	NLU     []NLU // one set a language
	// Events is ours: which events the skill wants to be told of.
	Events []string
}

// NLU is what a skill understands in one language.
type NLU struct {
	Language Language
	Intents  []Intent
	Entities []Entity
}

// Intent is something that can be asked of a skill, and how people say it.
type Intent struct {
	Name       string
	Utterances []string // templates: package template
	Slots      []Slot
}

// Slot is a part of an utterance whose words differ.
type Slot struct {
	Name   string
	Entity string // what kind of thing it is: an Entity, or one that the hub knows
	// Required slots are asked for before the skill gets the request: with Prompt, and
	// with Reprompt when that did not help.
	Required         bool
	Prompt, Reprompt string
}

// Entity is a kind of thing, by examples, or by all there are.
type Entity struct {
	Name   string
	Strict bool // only the listed words are taken
	Values []EntityValue
}

// EntityValue is one thing: what skills get for it, and other words that people use.
type EntityValue struct {
	Value    string
	Synonyms []string
}

// AppendRegisterIntents appends the encoded message to b. ReferencePython has neither
// events nor what is said of required slots.
func AppendRegisterIntents(b []byte, f Form, m RegisterIntents) []byte {
	e := f.encoder(b)
	e.text("skillId", m.SkillID)
	appendList(e, "nluData", m.NLU, appendNLU)
	if len(m.Events) > 0 && !e.array {
		e.key("events")
		e.b = appendStrings(e.b, m.Events)
	}
	return e.b
}

func appendNLU(e *encoder, n NLU) {
	e.key("language")
	f := e.inner()
	appendLanguage(f, n.Language)
	e.b = f.b
	appendList(e, "intents", n.Intents, appendIntent)
	appendList(e, "entities", n.Entities, appendEntity)
}

func appendIntent(e *encoder, i Intent) {
	e.text("name", i.Name)
	appendList(e, "utterances", i.Utterances, func(e *encoder, u string) { e.text("text", u) })
	appendList(e, "slots", i.Slots, appendSlot)
}

func appendSlot(e *encoder, s Slot) {
	e.text("name", s.Name)
	e.text("entity", s.Entity)
	if e.array {
		return
	}
	if s.Required {
		e.bool("required", true)
	}
	e.optional("prompt", s.Prompt)
	e.optional("reprompt", s.Reprompt)
}

func appendEntity(e *encoder, n Entity) {
	e.text("name", n.Name)
	e.bool("strict", n.Strict)
	appendList(e, "data", n.Values, func(e *encoder, v EntityValue) {
		e.text("value", v.Value)
		e.key("synonyms")
		e.b = appendStrings(e.b, v.Synonyms)
	})
}

// ParseRegisterIntents decodes a message. It checks the form alone: the registry says
// whether entities and slots are there.
func ParseRegisterIntents(b []byte) (m RegisterIntents, err error) {
	if len(b) > MaxRegistration {
		return m, tooLarge()
	}
	d := decoder{b: b, more: maxRegistered}
	var nlu bool
	d.object([]string{"skillId", "nluData"}, func(key []byte) bool {
		switch string(key) {
		case "skillId":
			m.SkillID = d.text()
		case "nluData":
			m.NLU, nlu = list(&d, maxLanguages, d.nlu), true
		case "events":
			m.Events = list(&d, maxEvents, func() string { return d.textUpTo(maxNameBytes) })
		default:
			return false
		}
		return true
	})
	d.need("skillId", m.SkillID != "")
	d.need("nluData", nlu)
	return m, d.end()
}

func (d *decoder) nlu() (n NLU) {
	var language bool
	d.object([]string{"language", "intents", "entities"}, func(key []byte) bool {
		switch string(key) {
		case "language":
			n.Language, language = d.language(), true
		case "intents":
			n.Intents = list(d, maxIntents, d.intent)
		case "entities":
			n.Entities = list(d, maxEntities, d.entity)
		default:
			return false
		}
		return true
	})
	d.need("language", language)
	return n
}

func (d *decoder) intent() (i Intent) {
	d.object([]string{"name", "utterances", "slots"}, func(key []byte) bool {
		switch string(key) {
		case "name":
			i.Name = d.textUpTo(maxNameBytes)
		case "utterances":
			i.Utterances = list(d, maxUtterances, d.utterance)
		case "slots":
			i.Slots = list(d, maxSlots, d.slot)
		default:
			return false
		}
		return true
	})
	d.need("name", i.Name != "")
	return i
}

func (d *decoder) utterance() (u string) {
	d.object([]string{"text"}, func(key []byte) bool {
		if string(key) != "text" {
			return false
		}
		u = d.textUpTo(maxTextBytes)
		return true
	})
	d.need("text", u != "")
	return u
}

func (d *decoder) slot() (s Slot) {
	d.object([]string{"name", "entity"}, func(key []byte) bool {
		switch string(key) {
		case "name":
			s.Name = d.textUpTo(maxNameBytes)
		case "entity":
			s.Entity = d.textUpTo(maxNameBytes)
		case "required":
			s.Required = d.bool()
		case "prompt":
			s.Prompt = d.textUpTo(maxTextBytes)
		case "reprompt":
			s.Reprompt = d.textUpTo(maxTextBytes)
		default:
			return false
		}
		return true
	})
	d.need("name", s.Name != "")
	d.need("entity", s.Entity != "")
	return s
}

// entity reads an entity. The seed gives it no name, which nobody can refer to then.
func (d *decoder) entity() (n Entity) {
	d.object([]string{"name", "strict", "data"}, func(key []byte) bool {
		switch string(key) {
		case "name":
			n.Name = d.textUpTo(maxNameBytes)
		case "strict":
			n.Strict = d.bool()
		case "data":
			n.Values = list(d, maxEntityValues, d.entityValue)
		default:
			return false
		}
		return true
	})
	return n
}

func (d *decoder) entityValue() (v EntityValue) {
	d.object([]string{"value", "synonyms"}, func(key []byte) bool {
		switch string(key) {
		case "value":
			v.Value = d.textUpTo(maxTextBytes)
		case "synonyms":
			v.Synonyms = list(d, maxSynonyms, func() string { return d.textUpTo(maxTextBytes) })
		default:
			return false
		}
		return true
	})
	return v
}

// IntentsRegistered is the answer (2.01) to RegisterIntents.
type IntentsRegistered struct {
	// Langs is ours: those of the registered languages that the hub speaks. The sets of
	// others have been left out.
	Langs []Language
}

// AppendIntentsRegistered appends the encoded message to b.
func AppendIntentsRegistered(b []byte, f Form, m IntentsRegistered) []byte {
	e := f.encoder(b)
	if !e.array && len(m.Langs) > 0 {
		appendList(e, "langs", m.Langs, appendLanguage)
	}
	return e.b
}

// ParseIntentsRegistered decodes a message.
func ParseIntentsRegistered(b []byte) (m IntentsRegistered, err error) {
	d := decoder{b: b}
	d.object(nil, func(key []byte) bool {
		if string(key) != "langs" {
			return false
		}
		m.Langs = list(&d, maxLanguages, d.language)
		return true
	})
	return m, d.end()
}
