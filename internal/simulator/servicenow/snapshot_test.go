package servicenow

import (
	"reflect"
	"testing"
)

// Each field of Server is either part of a snapshot or known not to be: a field that somebody adds is not forgotten.
func TestSnapshotHoldsTheWholeState(t *testing.T) {
	t.Parallel()
	notState := map[string]bool{
		"Faults": true, "opts": true, "behaviours": true, "hashKey": true, "handler": true, "admin": true,
		"adminRoutes": true, "mu": true, "url": true, "oauthLog": true, "requests": true, "start": true,
		"snapshots": true, "seeding": true, "reconciling": true,
		"roles": true, "sessions": true, // a cache and logins, which a restore ends
	}
	held := map[string]bool{}
	for field := range reflect.TypeFor[snapshot]().Fields() {
		held[field.Name] = true
	}
	for field := range reflect.TypeFor[Server]().Fields() {
		if held[field.Name] == notState[field.Name] {
			t.Errorf("Server.%s: in a snapshot %t, known to be no state %t", field.Name, held[field.Name],
				notState[field.Name])
		}
	}
}
