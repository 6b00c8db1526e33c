package kibanaapi

import (
	"fmt"
	"sync"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// reservations holds the names of the connectors that this process is making. Its zero value is ready for use.
type reservations struct {
	mu  sync.Mutex
	ids map[connectorName]string
}

type connectorName struct{ space, typeID, name string }

// reserve claims a connector's name until release is called.
func (k *Client) reserve(space, typeID, name, id string) (release func(), err error) {
	key := connectorName{space, typeID, name}
	k.reserved.mu.Lock()
	defer k.reserved.mu.Unlock()
	if first, taken := k.reserved.ids[key]; taken {
		return nil, &record.ExistsError{IDs: []string{first}, Key: fmt.Sprintf("name = %q", name), SameRun: true}
	}
	if k.reserved.ids == nil {
		k.reserved.ids = map[connectorName]string{}
	}
	k.reserved.ids[key] = id
	return func() {
		k.reserved.mu.Lock()
		defer k.reserved.mu.Unlock()
		delete(k.reserved.ids, key)
	}, nil
}
