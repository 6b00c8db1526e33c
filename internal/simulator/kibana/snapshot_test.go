package kibana

import (
	"reflect"
	"testing"
)

// Each field of Server is either part of a snapshot or known not to be: a field that somebody adds is not forgotten.
func TestSnapshotHoldsTheWholeState(t *testing.T) {
	t.Parallel()
	notState := map[string]bool{
		"options": true, "mux": true, "types": true, "mu": true, "requests": true, "start": true, "snapshots": true,
	}
	held := map[string]bool{}
	for field := range reflect.TypeFor[state]().Fields() {
		held[field.Name] = true
	}
	for field := range reflect.TypeFor[Server]().Fields() {
		if held[field.Name] == notState[field.Name] {
			t.Errorf("Server.%s: in a snapshot %t, known to be no state %t", field.Name, held[field.Name],
				notState[field.Name])
		}
	}
}
