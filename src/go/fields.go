package atomicarena

// #include "shim.h"
import "C"

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// field is one of a record, as arena_shm_field.
type field struct {
	name      string
	ctype     C.arena_shm_type
	isTime    bool
	offset    uintptr
	textBytes uintptr
	shape     []C.uint64_t
	unit      string
	enum      []enumerator
}

type enumerator struct {
	name  string
	value int64
}

// fields gathers those of a type, laid flat.
type fields struct {
	root reflect.Type
	all  []field
	err  error // the first one: what makes the type impossible
}

func fieldsOf(t reflect.Type) *fields {
	f := &fields{root: t}
	if t.Kind() == reflect.Struct {
		f.addStruct(t, place{}, tag{})
	} else {
		f.add(t, place{name: "value"}, tag{})
	}
	return f
}

// place is where a field is, and what it is called: by its schema, and by Go.
type place struct {
	name   string
	path   string
	offset uintptr
	hidden bool // its bytes are not told
}

func (p place) of(name, path string, offset uintptr) place {
	if p.name != "" && name != "" {
		name = p.name + "." + name
	} else if name == "" {
		name = p.name
	}
	if p.path != "" {
		path = p.path + "." + path
	}
	return place{name: name, path: path, offset: p.offset + offset, hidden: p.hidden}
}

func (p place) element(i int, size uintptr) place {
	p.offset += uintptr(i) * size
	p.name += "[" + strconv.Itoa(i) + "]"
	p.path += "[" + strconv.Itoa(i) + "]"
	return p
}

func (f *fields) refuse(p place, expected, found, remedy string) {
	if f.err == nil {
		where := "field " + f.root.String() + "." + p.path
		if p.path == "" {
			where = f.root.String()
		} else if strings.HasPrefix(p.path, "[") {
			where = f.root.String() + p.path
		}
		f.err = refusal("use a type of values", f.root.String(), expected, where+" "+found, remedy)
	}
}

func (f *fields) addStruct(t reflect.Type, p place, around tag) {
	for i := 0; i < t.NumField() && f.err == nil; i++ {
		member := t.Field(i)
		told, err := parseTag(member.Tag.Get("arena"))
		name := told.name
		if name == "" && !member.Anonymous {
			name = member.Name
		}
		inside := p.of(name, member.Name, member.Offset)
		if err != nil {
			f.refuse(inside, "a tag such as `arena:\"name,unit=ns,time\"`", "with "+err.Error(), "")
			return
		}
		inside.hidden = p.hidden || told.hidden || member.Name == "_"
		if told.unit == "" {
			told.unit = around.unit
		}
		f.add(member.Type, inside, told)
	}
}

// add adds what a field consists of.
func (f *fields) add(t reflect.Type, p place, told tag) {
	extents, element := extentsOf(t)
	if len(extents) > 0 && extents[len(extents)-1] == 0 {
		return // no bytes
	}
	if element.Kind() == reflect.Struct {
		if told.isText || told.isTime || len(told.enum) > 0 {
			f.refuse(p, "an option that a struct may have", "with text, time or enum", "give it to a field of the struct")
			return
		}
		f.addStructs(t, p, told)
		return
	}
	one := field{name: p.name, offset: p.offset, isTime: told.isTime, unit: told.unit, enum: told.enum}
	if told.isText {
		if element.Kind() != reflect.Uint8 || len(extents) == 0 {
			f.refuse(p, "an array of bytes where the tag says text", "of type "+t.String(), "take away the option text")
			return
		}
		one.ctype, one.textBytes = C.ARENA_SHM_TEXT, uintptr(extents[len(extents)-1])
		extents = extents[:len(extents)-1]
	} else if element.Kind() == reflect.Complex64 || element.Kind() == reflect.Complex128 {
		one.ctype = C.ARENA_SHM_F32
		if element.Kind() == reflect.Complex128 {
			one.ctype = C.ARENA_SHM_F64
		}
		extents = append(extents, 2)
	} else if number, ok := numbers[element.Kind()]; ok {
		one.ctype = number.ctype
	} else {
		f.refuse(p, "a type without pointers", "of type "+element.String(), remedies[element.Kind()])
		return
	}
	one.shape = extents
	if !p.hidden {
		f.all = append(f.all, one)
	}
}

// addStructs adds a struct, or an array of them.
func (f *fields) addStructs(t reflect.Type, p place, told tag) {
	if t.Kind() == reflect.Struct {
		f.addStruct(t, p, told)
		return
	}
	if p.hidden && f.err == nil { // looked at, not told: once is enough
		f.addStructs(t.Elem(), p.element(0, 0), told)
		return
	}
	for i := 0; i < t.Len() && f.err == nil; i++ {
		if len(f.all) > mostFields {
			f.refuse(p, fmt.Sprintf("at most %d fields", mostFields), "with more of them", "tag it `arena:\"-\"`")
			return
		}
		f.addStructs(t.Elem(), p.element(i, t.Elem().Size()), told)
	}
}

// More have no room in a segment.
const mostFields = 4096

// extentsOf takes an array, of arrays perhaps, apart.
func extentsOf(t reflect.Type) ([]C.uint64_t, reflect.Type) {
	var extents []C.uint64_t
	for t.Kind() == reflect.Array {
		extents = append(extents, C.uint64_t(t.Len()))
		if t.Len() == 0 {
			break
		}
		t = t.Elem()
	}
	return extents, t
}

// What to do about types that hold pointers.
var remedies = map[reflect.Kind]string{
	reflect.String:        "use an array of bytes, [16]byte with the tag `arena:\",text\"`",
	reflect.Slice:         "use an array, [16]T, and a number that tells how many of it count",
	reflect.Map:           "use an array of structs",
	reflect.Interface:     "use one type of struct",
	reflect.Pointer:       "put the value itself there; times are integers, of UnixNano()",
	reflect.Uintptr:       "an address means nothing in another process; use uint64 for a number",
	reflect.UnsafePointer: "an address means nothing in another process; use uint64 for a number",
	reflect.Func:          "a function means nothing in another process",
	reflect.Chan:          "a channel means nothing in another process",
}
