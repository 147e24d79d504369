package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// key is one setting of a struct: a leaf of its tree.
type key struct {
	name  string // "speech.stt"
	doc   string
	value reflect.Value // settable
}

// keysOf lists the settings of the struct that cfg points to, in its order.
func keysOf(cfg any) []key {
	return appendKeys(nil, "", reflect.ValueOf(cfg).Elem())
}

func appendKeys(keys []key, prefix string, v reflect.Value) []key {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		k := key{name: prefix + tag.Get("toml"), doc: tag.Get("doc"), value: v.Field(i)}
		if k.value.Kind() == reflect.Struct {
			keys = appendKeys(keys, k.name+".", k.value)
			continue
		}
		keys = append(keys, k)
	}
	return keys
}

// env is the key's part of the name of its environment variable.
func (k key) env() string { return strings.ToUpper(strings.ReplaceAll(k.name, ".", "_")) }

// table and leaf are the key's name before and after its last dot.
func (k key) table() string {
	table, _, ok := cutLast(k.name)
	if !ok {
		return ""
	}
	return table
}

func (k key) leaf() string {
	_, leaf, _ := cutLast(k.name)
	return leaf
}

// cutLast cuts s at its last dot; without one all of s is after.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	return s[:max(i, 0)], s[i+1:], i >= 0
}

// in reports whether a decoded file sets the key.
func (k key) in(tree map[string]any) bool {
	for table := range strings.SplitSeq(k.table(), ".") {
		if table == "" {
			break
		}
		sub, ok := tree[table].(map[string]any)
		if !ok {
			return false
		}
		tree = sub
	}
	_, ok := tree[k.leaf()]
	return ok
}

// parse sets the value from text: as it stands for text, the elements between
// commas for a list of text or numbers, TOML for the rest.
func (k key) parse(text string) error {
	if u, ok := k.value.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		return nil
	}
	list := k.value.Kind() == reflect.Slice && !strings.HasPrefix(text, "[")
	switch {
	case k.value.Kind() == reflect.String:
		k.value.SetString(text)
		return nil
	case list && k.value.Type().Elem().Kind() == reflect.String:
		items := reflect.MakeSlice(k.value.Type(), 0, 0)
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = reflect.Append(items, reflect.ValueOf(item))
			}
		}
		k.value.Set(items)
		return nil
	case list:
		text = "[" + text + "]"
	}
	return k.parseTOML(text)
}

func (k key) parseTOML(text string) error {
	if strings.ContainsAny(text, "\r\n") {
		return fmt.Errorf("%s: more than one line", k.name)
	}
	holder := reflect.New(reflect.MapOf(reflect.TypeFor[string](), k.value.Type()))
	d := toml.NewDecoder(strings.NewReader("value = " + text)).DisallowUnknownFields()
	if err := d.Decode(holder.Interface()); err != nil {
		return fmt.Errorf("%s: %q is not %s", k.name, text, kindName(k.value.Type()))
	}
	k.value.Set(holder.Elem().MapIndex(reflect.ValueOf("value")))
	return nil
}

// kindName says in words what a type holds.
func kindName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Duration]():
		return "a duration"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t.Kind() == reflect.Float64:
		return "a number"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Int:
		return "a list of whole numbers"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return "a list of tables"
	case t.Kind() == reflect.Slice:
		return "a list of texts"
	}
	return "text"
}
