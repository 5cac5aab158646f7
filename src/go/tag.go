package atomicarena

import (
	"fmt"
	"strconv"
	"strings"
)

// tag is what `arena:"..."` says of a field.
type tag struct {
	name   string
	unit   string
	enum   []enumerator
	isTime bool
	isText bool
	hidden bool
}

func parseTag(text string) (tag, error) {
	var t tag
	name, options, _ := strings.Cut(text, ",")
	t.name = name
	if name == "-" {
		t.name, t.hidden = "", true
	}
	for options != "" {
		var option string
		option, options, _ = strings.Cut(options, ",")
		key, value, hasValue := strings.Cut(option, "=")
		switch {
		case option == "time":
			t.isTime = true
		case option == "text":
			t.isText = true
		case key == "unit" && value != "":
			t.unit = value
		case key == "enum" && hasValue:
			enum, err := parseEnum(value)
			if err != nil {
				return t, err
			}
			t.enum = enum
		default:
			return t, fmt.Errorf("the option %q", option)
		}
	}
	return t, nil
}

// parseEnum reads "buy:0|sell:1".
func parseEnum(text string) ([]enumerator, error) {
	var enum []enumerator
	for _, one := range strings.Split(text, "|") {
		name, digits, _ := strings.Cut(one, ":")
		value, err := strconv.ParseInt(digits, 0, 64)
		if err != nil { // above the largest int64: of an unsigned type
			unsigned, unsignedErr := strconv.ParseUint(digits, 0, 64)
			value, err = int64(unsigned), unsignedErr
		}
		if err != nil || name == "" {
			return nil, fmt.Errorf("the enumerator %q, which is not NAME:NUMBER", one)
		}
		enum = append(enum, enumerator{name, value})
	}
	return enum, nil
}
