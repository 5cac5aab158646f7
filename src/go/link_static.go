//go:build arena_static

package atomicarena

// With `go build -tags arena_static` a program needs no libarena_shm.so where it runs.

// #cgo pkg-config: arena_shm_cpp
import "C"
