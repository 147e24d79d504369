package nlu

import (
	"fmt"
	"regexp"

	"vapd/hub/intent/entity"
	"vapd/protocol/vap/template"
)

// Reason is what is wrong with a Set, in the words of VAP where it has any.
type Reason string

// Reasons of Invalid.
const (
	MissingEntity   Reason = "missing entity"    // a slot names it, nobody defines it
	MissingSlot     Reason = "missing slot"      // an utterance names it, the intent lacks it
	EmptyEntity     Reason = "empty entity"      // strict without values, or a value without words
	CyclicEntity    Reason = "cyclic entity"     // its values lead back to it
	InvalidLanguage Reason = "invalid language"  // no BCP 47 tag
	InvalidText     Reason = "invalid utterance" // a place without end or name, no words, too long
	EmptyIntent     Reason = "empty intent"      // no name or no utterances
	Duplicate       Reason = "duplicate"         // two of one name
	TooMany         Reason = "too many"          // beyond a limit
)

// Invalid is why a Set was refused.
type Invalid struct {
	Reason Reason
	Object string // what is missing or wrong: its name
	Detail string // where it is, and the remedy
}

func (e *Invalid) Error() string {
	return fmt.Sprintf("nlu: %s %q: %s", e.Reason, e.Object, e.Detail)
}

func invalid(r Reason, object, detail string, args ...any) error {
	return &Invalid{r, object, fmt.Sprintf(detail, args...)}
}

// Limits of one Set.
const (
	maxIntents    = 1000
	maxUtterances = 20_000
	maxValues     = 50_000 // of all entities, synonyms and combinations counted
	maxText       = 500    // bytes of an utterance or a value
	maxSlots      = 50     // of an intent
)

// tag is the form of a BCP 47 tag: language, script, region, variants, extensions.
var tag = regexp.MustCompile(`^(?i:[a-z]{2,3}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(-[a-wyz0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?)$`)

// check looks at names and numbers.
func (s Set) check() error {
	if len(s.Language) > 35 || !tag.MatchString(s.Language) {
		return invalid(InvalidLanguage, s.Language, `write a BCP 47 tag such as "en" or "de-AT"`)
	}
	if len(s.Intents) > maxIntents {
		return invalid(TooMany, "intents", "%d of them, more than %d", len(s.Intents), maxIntents)
	}
	entities := make(map[string]bool)
	for _, e := range s.Entities {
		if !template.Name(e.Name) {
			return invalid(MissingEntity, e.Name, "an entity needs a name of letters, digits, '_', '-', '.' and '/'")
		}
		if entities[e.Name] {
			return invalid(Duplicate, e.Name, "two entities have this name: put their values together")
		}
		entities[e.Name] = true
	}
	intents, utterances := make(map[string]bool), 0
	for _, i := range s.Intents {
		switch utterances += len(i.Utterances); {
		case i.Name == "":
			return invalid(EmptyIntent, i.Name, "an intent has no name")
		case intents[i.Name]:
			return invalid(Duplicate, i.Name, "two intents have this name: put their utterances together")
		case len(i.Utterances) == 0:
			return invalid(EmptyIntent, i.Name, "it has no utterances")
		case utterances > maxUtterances:
			return invalid(TooMany, "utterances", "more than %d", maxUtterances)
		}
		intents[i.Name] = true
		if err := i.check(entities); err != nil {
			return err
		}
	}
	return nil
}

func (i Intent) check(entities map[string]bool) error {
	if len(i.Slots) > maxSlots {
		return invalid(TooMany, i.Name, "it has %d slots, more than %d", len(i.Slots), maxSlots)
	}
	slots := make(map[string]bool)
	for _, s := range i.Slots {
		if slots[s.Name] {
			return invalid(Duplicate, s.Name, "two slots of intent %q have this name", i.Name)
		}
		slots[s.Name] = true
		if _, builtIn := entity.Named(s.Entity); !builtIn && !entities[s.Entity] {
			return invalid(MissingEntity, s.Entity, "slot %q of intent %q names it: define it, or use one that is built in", s.Name, i.Name)
		}
	}
	return nil
}
