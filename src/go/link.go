//go:build !arena_static

package atomicarena

// #cgo pkg-config: arena_shm
import "C"
