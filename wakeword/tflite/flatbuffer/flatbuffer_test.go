package flatbuffer

import (
	"bytes"
	"testing"
)

// Byte by byte, by the description of the format.
func TestWrite(t *testing.T) {
	for name, c := range map[string]struct {
		root Table
		want []byte
	}{
		"a text": {Table{int32(7), nil, "ab"}, []byte{
			20, 0, 0, 0, 'T', 'E', 'S', 'T', // where the table is, and the identifier
			0, 0, // padding
			10, 0, 12, 0, 4, 0, 0, 0, 8, 0, // size of this and of the table, where its fields are in it
			10, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, // how far back that was, 7, how far on the text is
			0, 0, 0, 0,
			2, 0, 0, 0, 'a', 'b', 0,
		}},
		"vectors": {Table{[]byte{5}, uint8(1), []int64{3}}, []byte{
			20, 0, 0, 0, 'T', 'E', 'S', 'T',
			0, 0,
			10, 0, 16, 0, 4, 0, 8, 0, 12, 0,
			10, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 20, 0, 0, 0,
			0, 0, 0, 0, 0, 0, 0, 0,
			1, 0, 0, 0, 5, // its value is at 48
			0, 0, 0,
			1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, // its value is at 56
		}},
	} {
		if got := Write(c.root, "TEST"); !bytes.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestSharedTableIsWrittenOnce(t *testing.T) {
	shared := &Table{"shared"}
	got := Write(Table{shared, []Table{{shared}, {shared}}}, "TEST")
	if n := bytes.Count(got, []byte("shared")); n != 1 {
		t.Errorf("it is there %d times", n)
	}
}
