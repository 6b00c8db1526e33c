package kibanaapi

import (
	"encoding/json"
	"maps"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Names under which a connector whose config is one JSON object remembers what its last write left on the server: the
// keys that Kibana added to it, and the release that did.
const (
	addedMemory   = "added"
	releaseMemory = "release"
)

// learn takes the keys that Kibana added to a config that was just written out of the record, and remembers them: they
// are nobody's drift as long as they stay as they are. Where what was written is not there as it was, nothing tells
// what was added from what was changed, such as a key that got another name.
func (s *Connectors) learn(routes routes, r *record.Record, c Connector, wanted map[string]any) {
	if s.TypeID != "" {
		return // each key has an attribute
	}
	added := addedTo(wanted, c.Config)
	data, err := json.Marshal(added)
	if err != nil {
		return // not of decoded JSON
	}
	r.Remembered = map[string]string{addedMemory: string(data), releaseMemory: routes.version.String()}
	r.Values[configColumn], _ = removeKeys(c.Config, added, wanted).(map[string]any)
}

// recall takes out of a config that was read what an earlier write learned. A Kibana of another release may add other
// keys, so those are then learned anew. Of a connector that is being imported, all keys count.
func (s *Connectors) recall(routes routes, r *record.Record, c Connector, have record.Record) {
	wanted, known := have.Values[configColumn].(map[string]any)
	switch {
	case s.TypeID != "":
		return
	case have.Remembered == nil && !known:
		s.learn(routes, r, c, c.Config)
		return
	case have.Remembered[releaseMemory] != routes.version.String():
		s.learn(routes, r, c, wanted)
		return
	}
	var added map[string]any
	if json.Unmarshal([]byte(have.Remembered[addedMemory]), &added) != nil {
		return
	}
	r.Remembered = maps.Clone(have.Remembered)
	r.Values[configColumn], _ = removeKeys(c.Config, added, wanted).(map[string]any)
}

// addedTo returns the keys that a server added to what was written; none where it did not keep all of that.
func addedTo(wrote, found map[string]any) map[string]any {
	if !record.Covers(found, wrote) {
		return map[string]any{}
	}
	added, _ := furtherKeys(found, wrote).(map[string]any)
	return added
}

// furtherKeys returns what a JSON value holds beyond another one: the further keys of objects, at any depth; nil for
// none.
func furtherKeys(whole, part any) any {
	object, ok := whole.(map[string]any)
	if !ok {
		return nil
	}
	known, _ := part.(map[string]any)
	further := map[string]any{}
	for key, value := range object {
		inner, there := known[key]
		switch {
		case !there || inner == nil:
			further[key] = value
		default:
			if more, _ := furtherKeys(value, inner).(map[string]any); len(more) > 0 {
				further[key] = more
			}
		}
	}
	return further
}

// removeKeys takes the keys of one JSON object out of another one where they hold the same, at any depth. An object
// that wanted has too stays, if empty.
func removeKeys(whole, part, wanted any) any {
	object, ok := whole.(map[string]any)
	taken, isObject := part.(map[string]any)
	if !ok || !isObject {
		return whole
	}
	own, _ := wanted.(map[string]any)
	rest := maps.Clone(object)
	for key, value := range taken {
		now, there := object[key]
		inner, isObject := value.(map[string]any)
		_, owned := own[key].(map[string]any)
		switch {
		case !there:
		case record.Equal(now, value) && !owned:
			delete(rest, key)
		case isObject && len(inner) > 0:
			rest[key] = removeKeys(now, value, own[key])
		}
	}
	return rest
}
