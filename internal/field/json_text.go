package field

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
)

// sameJSON reports whether two texts are spellings of one JSON object or array.
func sameJSON(a, b string) bool {
	first, ok := parseJSON(a)
	if !ok {
		return false
	}
	second, ok := parseJSON(b)
	return ok && reflect.DeepEqual(first, second)
}

func parseJSON(text string) (value any, ok bool) {
	if trimmed := strings.TrimSpace(text); !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
		return nil, false
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return nil, false
	}
	_, err := decoder.Token()
	return value, errors.Is(err, io.EOF)
}
