package kibanaapi

import (
	"fmt"
	"sync"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// reservations holds the natural keys of what this process is making, or, of case settings, has made. Its zero value is
// ready for use.
type reservations struct {
	mu  sync.Mutex
	ids map[naturalKey]string
}

// naturalKey is the name of a connector of a type, or the owner of case settings.
type naturalKey struct{ space, typeID, column, value string }

// reserve claims what no second resource may make until it is released.
func (k *Client) reserve(key naturalKey, id string) (release func(), err error) {
	k.reserved.mu.Lock()
	defer k.reserved.mu.Unlock()
	if first, taken := k.reserved.ids[key]; taken {
		return nil, &record.ExistsError{
			IDs: []string{first}, Key: fmt.Sprintf("%s = %q", key.column, key.value), SameRun: true,
		}
	}
	if k.reserved.ids == nil {
		k.reserved.ids = map[naturalKey]string{}
	}
	k.reserved.ids[key] = id
	return func() { k.release(key) }, nil
}

func (k *Client) release(key naturalKey) {
	k.reserved.mu.Lock()
	defer k.reserved.mu.Unlock()
	delete(k.reserved.ids, key)
}
