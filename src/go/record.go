package atomicarena

// #include "shim.h"
import "C"

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// record is what the library has to know of a type.
type record struct {
	size  uintptr
	align uintptr
	name  string // "": agrees with every name
	c     *C.arena_shm_record
	err   error // the type cannot be one of values
}

// Of all types that were used: one for each, for ever.
var records sync.Map // reflect.Type -> *record

// recordOf looks at T when it is first used.
func recordOf[T any]() (*record, error) {
	t := reflect.TypeOf((*T)(nil)).Elem()
	known, ok := records.Load(t)
	if !ok {
		known, _ = records.LoadOrStore(t, newRecord(t))
	}
	r := known.(*record)
	return r, r.err
}

func newRecord(t reflect.Type) *record {
	r := &record{size: t.Size(), align: uintptr(t.Align()), name: nameOf(t)}
	fields := fieldsOf(t)
	if r.err = fields.err; r.err != nil {
		return r
	}
	if r.size == 0 {
		r.err = refusal("use", t.String(), "a type of at least one byte", "one of none", "add a field to it")
		return r
	}
	schema, err := fields.schema(r.size)
	if err != nil {
		r.err = err
		return r
	}
	r.c = (*C.arena_shm_record)(C.calloc(1, C.sizeof_arena_shm_record))
	r.c.size = C.sizeof_arena_shm_record
	r.c.size_bytes = C.uint64_t(r.size)
	r.c.align_bytes = C.uint64_t(r.align)
	r.c.schema = schema
	if r.name != "" {
		r.c.name = C.CString(r.name)
	}
	return r
}

// nameOf is what C++ calls a number of that type, or what the type calls itself.
func nameOf(t reflect.Type) string {
	if named, ok := reflect.New(t).Interface().(interface{ ArenaName() string }); ok {
		return named.ArenaName()
	}
	if t.Kind() == reflect.Bool {
		return "bool"
	}
	if number, ok := numbers[t.Kind()]; ok {
		return number.name
	}
	return ""
}

type number struct {
	name  string
	ctype C.arena_shm_type
}

var numbers = map[reflect.Kind]number{
	reflect.Bool:    {"bool", C.ARENA_SHM_BOOL},
	reflect.Int:     {"i64", C.ARENA_SHM_I64},
	reflect.Int8:    {"i8", C.ARENA_SHM_I8},
	reflect.Int16:   {"i16", C.ARENA_SHM_I16},
	reflect.Int32:   {"i32", C.ARENA_SHM_I32},
	reflect.Int64:   {"i64", C.ARENA_SHM_I64},
	reflect.Uint:    {"u64", C.ARENA_SHM_U64},
	reflect.Uint8:   {"u8", C.ARENA_SHM_U8},
	reflect.Uint16:  {"u16", C.ARENA_SHM_U16},
	reflect.Uint32:  {"u32", C.ARENA_SHM_U32},
	reflect.Uint64:  {"u64", C.ARENA_SHM_U64},
	reflect.Float32: {"f32", C.ARENA_SHM_F32},
	reflect.Float64: {"f64", C.ARENA_SHM_F64},
}

// schema writes the fields down, in memory of C that is never freed.
func (f *fields) schema(size uintptr) (*C.char, error) {
	if len(f.all) == 0 {
		return nil, nil
	}
	c := unsafe.Slice((*C.arena_shm_field)(C.calloc(C.size_t(len(f.all)), C.sizeof_arena_shm_field)), len(f.all))
	var owned []unsafe.Pointer
	defer func() {
		for _, p := range append(owned, unsafe.Pointer(&c[0])) {
			C.free(p)
		}
	}()
	text := func(s string) *C.char {
		p := C.CString(s)
		owned = append(owned, unsafe.Pointer(p))
		return p
	}
	for i, field := range f.all {
		c[i].name = text(field.name)
		c[i]._type = field.ctype
		c[i].is_time = C.bool(field.isTime)
		c[i].offset_bytes = C.uint64_t(field.offset)
		c[i].text_bytes = C.uint64_t(field.textBytes)
		if field.unit != "" {
			c[i].unit = text(field.unit)
		}
		if n := len(field.shape); n > 0 {
			shape := (*C.uint64_t)(C.calloc(C.size_t(n), 8))
			owned = append(owned, unsafe.Pointer(shape))
			copy(unsafe.Slice(shape, n), field.shape)
			c[i].shape, c[i].dimensions = shape, C.size_t(n)
		}
		if n := len(field.enum); n > 0 {
			enum := (*C.arena_shm_enumerator)(C.calloc(C.size_t(n), C.sizeof_arena_shm_enumerator))
			owned = append(owned, unsafe.Pointer(enum))
			for k, one := range field.enum {
				unsafe.Slice(enum, n)[k] = C.arena_shm_enumerator{name: text(one.name), value: C.int64_t(one.value)}
			}
			c[i].enumerators, c[i].enumerator_count = enum, C.size_t(n)
		}
	}
	return schemaText(c, size)
}

func schemaText(c []C.arena_shm_field, size uintptr) (*C.char, error) {
	counted := C.go_schema(&c[0], C.size_t(len(c)), C.uint64_t(size), nil, 0)
	if counted.status < 0 {
		return nil, errorOf(counted.status, counted.error)
	}
	buffer := (*C.char)(C.calloc(counted.count+1, 1))
	counted = C.go_schema(&c[0], C.size_t(len(c)), C.uint64_t(size), buffer, counted.count+1)
	if counted.status != 0 {
		return nil, fmt.Errorf("a schema that is not as long as it was: %w", ErrInternal)
	}
	return buffer, nil
}
