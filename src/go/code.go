package atomicarena

// #include "shim.h"
import "C"

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

// Code says what went wrong, or why there is no value. It is an error itself: errors.Is(err, ErrNotFound).
type Code int32

// Not errors of the ring, but reasons why there is no value.
const (
	ErrNothing     Code = C.ARENA_SHM_NOTHING     // there is none now; or no room
	ErrNotYet      Code = C.ARENA_SHM_NOT_YET     // the number has not been handed out
	ErrPending     Code = C.ARENA_SHM_PENDING     // handed out, not published; its writer lives
	ErrOverwritten Code = C.ARENA_SHM_OVERWRITTEN // its slot belongs to a later value
	ErrHole        Code = C.ARENA_SHM_HOLE        // handed out and never to be published: its writer died or skipped it
)

// What can go wrong. ErrNotFound, ErrAlreadyExists, ErrPermissionDenied, ErrClosed and ErrTimedOut are fs.ErrNotExist,
// fs.ErrExist, fs.ErrPermission, fs.ErrClosed and os.ErrDeadlineExceeded to errors.Is, too.
const (
	ErrNotFound              Code = C.ARENA_SHM_E_NOT_FOUND               // no arena, or no consumer, of that name
	ErrAlreadyExists         Code = C.ARENA_SHM_E_ALREADY_EXISTS          // the name is taken: an arena's, or a consumer's
	ErrPermissionDenied      Code = C.ARENA_SHM_E_PERMISSION_DENIED       // the file's mode forbids it; or it is a view
	ErrInvalidName           Code = C.ARENA_SHM_E_INVALID_NAME            // not usable as the name of a segment
	ErrInvalidArgument       Code = C.ARENA_SHM_E_INVALID_ARGUMENT        // an option, argument or type is not possible
	ErrNotAnArena            Code = C.ARENA_SHM_E_NOT_AN_ARENA            // a file that is no arena
	ErrIncompatibleVersion   Code = C.ARENA_SHM_E_INCOMPATIBLE_VERSION    // written by another layout version
	ErrIncompatibleByteOrder Code = C.ARENA_SHM_E_INCOMPATIBLE_BYTE_ORDER // written on a machine of another byte order
	ErrIncompatibleType      Code = C.ARENA_SHM_E_INCOMPATIBLE_TYPE       // another record: name, size, alignment, fields
	ErrIncompatibleOptions   Code = C.ARENA_SHM_E_INCOMPATIBLE_OPTIONS    // OpenOrCreate: it exists with other options
	ErrTruncated             Code = C.ARENA_SHM_E_TRUNCATED               // the file is shorter than its header says
	ErrCorrupt               Code = C.ARENA_SHM_E_CORRUPT                 // a value in the segment cannot be right
	ErrNoSpace               Code = C.ARENA_SHM_E_NO_SPACE                // no room: file system, or memory limit
	ErrFileSizeLimit         Code = C.ARENA_SHM_E_FILE_SIZE_LIMIT         // RLIMIT_FSIZE forbids a file of that size
	ErrTableFull             Code = C.ARENA_SHM_E_TABLE_FULL              // each seat has a living writer, or consumer
	ErrObstructed            Code = C.ARENA_SHM_E_OBSTRUCTED              // all free seats are read-locked by others
	ErrExhausted             Code = C.ARENA_SHM_E_EXHAUSTED               // the sequence numbers are used up
	ErrReentered             Code = C.ARENA_SHM_E_REENTERED               // used from inside of itself
	ErrForked                Code = C.ARENA_SHM_E_FORKED                  // used in a forked child
	ErrEvicted               Code = C.ARENA_SHM_E_EVICTED                 // a consumer that held up writers for too long
	ErrTimedOut              Code = C.ARENA_SHM_E_TIMED_OUT               // AllocFor: there was no room in time
	ErrWouldDeadlock         Code = C.ARENA_SHM_E_WOULD_DEADLOCK          // a writer waits for its own thread's consumer
	ErrUnsupported           Code = C.ARENA_SHM_E_UNSUPPORTED             // the system lacks something that is needed
	ErrSystem                Code = C.ARENA_SHM_E_SYSTEM                  // a system call failed for another reason
	ErrNoMemory              Code = C.ARENA_SHM_E_NO_MEMORY               // the library got no memory
	ErrInternal              Code = C.ARENA_SHM_E_INTERNAL                // a fault of the library

	ErrClosed Code = -1001 // the handle has been closed
	ErrInUse  Code = -1002 // another goroutine is using the handle
)

// What the codes say that C does not know, or not in these words.
var codeTexts = map[Code]string{
	ErrNothing:     "there is none now",
	ErrNotYet:      "the sequence number has not been handed out yet",
	ErrPending:     "the value is being written",
	ErrOverwritten: "the value has been overwritten",
	ErrHole:        "the value will never be there: its writer died or skipped it",
	ErrClosed:      "the handle is closed",
	ErrInUse:       "another goroutine is using the handle",
}

// Error tells the code's meaning.
func (c Code) Error() string {
	if text, ok := codeTexts[c]; ok {
		return "atomicarena: " + text
	}
	return "atomicarena: " + C.GoString(C.arena_shm_status_name(C.arena_shm_status(c)))
}

// Is makes errors.Is know the standard library's errors of the same meaning.
func (c Code) Is(target error) bool {
	switch c {
	case ErrNotFound:
		return target == fs.ErrNotExist
	case ErrAlreadyExists:
		return target == fs.ErrExist
	case ErrPermissionDenied:
		return target == fs.ErrPermission
	case ErrClosed:
		return target == fs.ErrClosed
	case ErrTimedOut:
		return target == os.ErrDeadlineExceeded
	}
	return false
}

// Error is what went wrong, in parts. Those that do not apply are empty.
type Error struct {
	Code     Code
	Name     string        // the arena's
	Doing    string        // "open", "create", ...: what failed
	Expected string        // what would have been right
	Found    string        // what was there instead
	Remedy   string        // what the user can do
	Errno    syscall.Errno // of the system call that failed, or 0
	message  string
}

// Error tells all parts in one line: "cannot open 'ticks': expected ..., found ...; remedy".
func (e *Error) Error() string {
	if e.message != "" {
		return e.message
	}
	text := "cannot " + e.Doing
	if e.Name != "" {
		text += " '" + e.Name + "'"
	}
	text += ": "
	if e.Expected != "" {
		text += "expected " + e.Expected + ", "
	}
	text += "found " + e.Found
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// Is tells whether target is the error's Code, or means the same as it, or its Errno.
func (e *Error) Is(target error) bool {
	if target == e.Code || e.Code.Is(target) {
		return true
	}
	return e.Errno != 0 && (target == e.Errno || errors.Is(e.Errno, target))
}

// refusal is an error of an argument that Go itself finds to be wrong.
func refusal(doing, name, expected, found, remedy string) error {
	return &Error{Code: ErrInvalidArgument, Doing: doing, Name: name, Expected: expected, Found: found, Remedy: remedy}
}

// refuseSize is the error of a number of slots.
func refuseSize(name string, size int) error {
	return refusal("create", name, "at least one slot", strconv.Itoa(size), "")
}

// errorOf is what a call in C ended with. It frees what the call has told.
func errorOf(status C.int32_t, told C.uintptr_t) error {
	if status == 0 {
		return nil
	}
	if told == 0 {
		return Code(status)
	}
	parts := (*C.arena_shm_error)(foreign(uintptr(told)))
	defer C.free(unsafe.Pointer(parts))
	return &Error{
		Code:     Code(status),
		Name:     C.GoString(&parts.name[0]),
		Doing:    C.GoString(&parts.doing[0]),
		Expected: C.GoString(&parts.expected[0]),
		Found:    C.GoString(&parts.found[0]),
		Remedy:   C.GoString(&parts.remedy[0]),
		Errno:    syscall.Errno(parts.system_error),
		message:  C.GoString(&parts.message[0]),
	}
}
