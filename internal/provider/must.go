package provider

import (
	"fmt"
	"reflect"
)

// must gives a value the type that it is known to have: another is a fault of this
// program.
func must[T any](value any) T {
	typed, ok := value.(T)
	if !ok {
		panic(fmt.Sprintf("a %T where a %v belongs", value, reflect.TypeFor[T]()))
	}
	return typed
}
