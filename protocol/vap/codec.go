package vap

import (
	"time"

	"github.com/tinylib/msgp/msgp"
)

// encoder appends one map whose optional fields are known only one by one: the
// header (at most 15 fields, one byte) is set right with each. In an array it leaves
// the fields' names out.
type encoder struct {
	b      []byte
	header int
	array  bool
}

func newEncoder(b []byte) *encoder {
	return &encoder{b: msgp.AppendMapHeader(b, 0), header: len(b)}
}

// inner begins an object within e's. Its bytes are e's when it is finished.
func (e *encoder) inner() *encoder {
	if e.array {
		return &encoder{b: msgp.AppendArrayHeader(e.b, 0), header: len(e.b), array: true}
	}
	return newEncoder(e.b)
}

// key begins the next field.
func (e *encoder) key(name string) {
	e.b[e.header]++
	if !e.array {
		e.b = msgp.AppendString(e.b, name)
	}
}

func (e *encoder) text(name, v string) {
	e.key(name)
	e.b = msgp.AppendString(e.b, v)
}

func (e *encoder) optional(name, v string) {
	if v != "" {
		e.text(name, v)
	}
}

func (e *encoder) uint(name string, v uint64) {
	e.key(name)
	e.b = msgp.AppendUint64(e.b, v)
}

func (e *encoder) bool(name string, v bool) {
	e.key(name)
	e.b = msgp.AppendBool(e.b, v)
}

func (e *encoder) offers(offers []Offer) {
	e.key("capabilities")
	e.b = msgp.AppendArrayHeader(e.b, uint32(len(offers)))
	for _, o := range offers {
		f := e.inner()
		f.text("name", o.Name)
		f.uint("version", uint64(o.Version))
		if len(o.Codecs) > 0 && !f.array {
			f.key("codecs")
			f.b = appendStrings(f.b, o.Codecs)
		}
		if o.Stream && !f.array {
			f.bool("stream", true)
		}
		e.b = f.b
	}
}

func (e *encoder) capabilities(caps []Capability) {
	e.key("capabilities")
	e.b = msgp.AppendArrayHeader(e.b, uint32(len(caps)))
	for _, c := range caps {
		e.b = appendCapability(e.b, c)
	}
}

func appendCapability(b []byte, c Capability) []byte {
	n := 1 + len(c.Fields)
	if c.From != "" {
		n++
	}
	b = msgp.AppendMapHeader(b, uint32(n))
	b = msgp.AppendString(msgp.AppendString(b, "name"), c.Name)
	if c.From != "" {
		b = msgp.AppendString(msgp.AppendString(b, "from"), c.From)
	}
	return appendEntries(b, c.Fields)
}

func (d *decoder) strings() []string {
	list := make([]string, 0, d.arrayHeader())
	for range cap(list) {
		list = append(list, d.text())
	}
	return list
}

func (d *decoder) offers() []Offer {
	list := make([]Offer, 0, d.arrayHeader())
	for range cap(list) {
		var o Offer
		d.object([]string{"name", "version"}, func(key []byte) bool {
			switch string(key) {
			case "name":
				o.Name = d.text()
			case "version":
				o.Version = uint16(d.uint(1<<16 - 1))
			case "codecs":
				o.Codecs = d.strings()
			case "stream":
				o.Stream = d.bool()
			default:
				return false
			}
			return true
		})
		d.need("name", o.Name != "")
		if d.err != nil {
			return nil
		}
		list = append(list, o)
	}
	return list
}

// capabilities reads a list of capabilities; one alone may lie there without a list,
// as some places of the seeds write it.
func (d *decoder) capabilities() []Capability {
	if msgp.NextType(d.b) == msgp.MapType {
		return []Capability{d.capability()}
	}
	list := make([]Capability, 0, d.arrayHeader())
	for range cap(list) {
		c := d.capability()
		if d.err != nil {
			return nil
		}
		list = append(list, c)
	}
	return list
}

func (d *decoder) capability() Capability {
	n := d.mapHeader()
	c := Capability{Fields: make(map[string]any, max(n-1, 0))}
	for range n {
		key := d.text()
		switch {
		case d.err != nil:
		case key == "name":
			c.Name = d.text()
		case key == "from":
			c.From = d.text()
		default:
			c.Fields[key] = d.value(0)
		}
		if d.err != nil {
			if d.err.Object == "" {
				d.err.Object = key
			}
			return Capability{}
		}
	}
	d.need("name", c.Name != "")
	return c
}

// timestamp reads microseconds since 1970, or RFC 3339 in text: the seed leaves the
// type of exactTimeStamp open.
func (d *decoder) timestamp() time.Time {
	if msgp.NextType(d.b) == msgp.StrType {
		t, err := time.Parse(time.RFC3339Nano, d.text())
		if err != nil {
			d.fail(malformed(""))
		}
		return t.UTC()
	}
	return time.UnixMicro(int64(d.uint(1 << 62))).UTC()
}
