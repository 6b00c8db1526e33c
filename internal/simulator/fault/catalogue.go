package fault

import (
	"fmt"
	"net/http"
	"slices"
)

// Entry is one hostile behaviour of the Catalogue.
type Entry struct {
	Name string `json:"name"`
	// Rule does it to every request until it is addressed, for example with Request.Aim. Delays are short enough for
	// a test and can be changed.
	Rule Rule `json:"rule"`
	// Committed says whether a write under this rule is carried out: at once, or, where Late, Rule.DelayMS after it
	// arrived, which may be after its answer.
	Committed bool `json:"committed"`
	Late      bool `json:"late"`
	// Reads (GET), Writes (POST, PUT, PATCH) and Deletes say which requests the behaviour means something for. Others
	// pass as if there were no rule, or meet a fault that another entry stands for.
	Reads   bool `json:"reads"`
	Writes  bool `json:"writes"`
	Deletes bool `json:"deletes"`
}

// AppliesTo reports whether the behaviour means something for a request of this method.
func (e Entry) AppliesTo(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead:
		return e.Reads
	case http.MethodDelete:
		return e.Deletes
	default:
		// Only what exists can be changed in vain.
		return e.Writes && (e.Rule.Kind != Ignore || method != http.MethodPost) &&
			(e.Rule.Kind != OwnID || method == http.MethodPost)
	}
}

// target is which requests an entry is for.
type target struct{ reads, writes, deletes bool }

var (
	anyRequest = target{true, true, true}
	changes    = target{writes: true, deletes: true}
	answers    = target{reads: true, writes: true} // requests whose answer has a body
	readsOnly  = target{reads: true}
	writesOnly = target{writes: true}
)

// Catalogue returns one representative rule for each hostile behaviour, in a fixed order and under unique names.
func Catalogue() []Entry {
	var list []Entry
	add := func(name string, committed bool, on target, rule Rule) {
		late := rule.Kind == LateCommit || rule.Kind == SlowCommit || rule.Kind == Latency
		list = append(list, Entry{name, rule, committed, late, on.reads, on.writes, on.deletes})
	}

	add("reset before", false, anyRequest, Rule{Kind: Reset})
	add("dropped after", true, anyRequest, Rule{Kind: CommitThenDrop})
	add("slow", true, anyRequest, Rule{Kind: Latency, DelayMS: 200})
	add("slow, committed without a listener", true, changes, Rule{Kind: SlowCommit, DelayMS: 2000})
	add("slow body", true, answers, Rule{Kind: SlowBody, DelayMS: 20})
	add("dropped, committed late", true, changes, Rule{Kind: LateCommit, DelayMS: 2000})
	for _, status := range []int{500, 502, 503, 504, 202} {
		add(fmt.Sprintf("%d, committed late", status), true, changes,
			Rule{Kind: LateCommit, Status: status, DelayMS: 2000})
	}
	add("204, committed late", true, target{deletes: true}, Rule{Kind: LateCommit, Status: 204, DelayMS: 2000})
	addStatuses(add)
	addShapes(add)

	for _, e := range Encodings() {
		add(fmt.Sprintf("400 quotes the request (%s)", e), false, anyRequest, Rule{Kind: Status, Status: 400, Quote: e})
		add(fmt.Sprintf("500 quotes the request (%s) after", e), true, anyRequest,
			Rule{Kind: CommitThenStatus, Status: 500, Quote: e})
		add(fmt.Sprintf("200 quotes the request (%s)", e), false, anyRequest, Rule{Kind: Status, Status: 200, Quote: e})
		add(fmt.Sprintf("a page of 502 quotes the request (%s)", e), false, anyRequest,
			Rule{Kind: Status, Status: 502, Quote: e, ContentType: htmlType})
		add(fmt.Sprintf("a page of 200 quotes the request (%s) after", e), true, anyRequest,
			Rule{Kind: CommitThenStatus, Status: 200, Quote: e, ContentType: htmlType})
	}

	add("a change does not stick", false, changes, Rule{Kind: Ignore})
	add("a change is shown and does not stick", false, writesOnly, Rule{Kind: Ignore, Echo: true})
	add("the server makes its own id", true, writesOnly, Rule{Kind: OwnID})
	add("the last query term is dropped", true, readsOnly, Rule{Kind: DropTerm})
	add("dot-walked columns are withheld", true, answers, Rule{Kind: Withhold, Columns: []string{"*.*"}})
	add("the name is withheld", true, answers, Rule{Kind: Withhold, Columns: []string{"name", "user_name"}})
	add("times and counters are withheld", true, answers, Rule{Kind: Withhold, Columns: []string{
		"sys_created_on", "sys_updated_on", "sys_mod_count", "created_at", "updated_at", "version",
	}})
	return list
}

type adder func(name string, committed bool, on target, rule Rule)

// addStatuses adds each status before and after the commit. A 4xx before it is the application's own word; one after it
// comes from a gateway, with a page: the application does not refuse what it did.
func addStatuses(add adder) {
	for _, status := range []int{400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504} {
		add(fmt.Sprintf("%d before", status), false, anyRequest, Rule{Kind: Status, Status: status})
	}
	for _, status := range []int{403, 404, 409, 429, 500, 502, 503, 504} {
		add(fmt.Sprintf("%d before, a gateway's page", status), false, anyRequest,
			Rule{Kind: Status, Status: status, Body: gatewayPage(status), ContentType: htmlType})
	}
	for _, status := range []int{500, 502, 503, 504} {
		add(fmt.Sprintf("%d after", status), true, anyRequest, Rule{Kind: CommitThenStatus, Status: status})
	}
	for _, status := range []int{403, 404, 408, 409, 502, 503, 504} {
		add(fmt.Sprintf("%d after, a gateway's page", status), true, anyRequest,
			Rule{Kind: CommitThenStatus, Status: status, Body: gatewayPage(status), ContentType: htmlType})
	}
	for _, status := range []int{200, 201} {
		add(fmt.Sprintf("%d with an error envelope before", status), false, anyRequest, Rule{Kind: Status, Status: status})
		add(fmt.Sprintf("%d with an error envelope after", status), true, anyRequest,
			Rule{Kind: CommitThenStatus, Status: status})
	}
	add("204 before", false, anyRequest, Rule{Kind: Status, Status: http.StatusNoContent})
	add("204 after", true, answers, Rule{Kind: CommitThenStatus, Status: http.StatusNoContent})
	add("302 to a login page", false, anyRequest, Rule{
		Kind: Status, Status: http.StatusFound, Body: gatewayPage(http.StatusFound), ContentType: htmlType,
		Header: map[string]string{"Location": "/login.do"},
	})
	add("503 with Retry-After", false, anyRequest, Rule{Kind: Status, Status: 503, RetryAfter: 1})
}

// addShapes adds each odd body: texts before and after the commit, and changes of the server's own answer.
func addShapes(add adder) {
	lists := []Shape{ // these mean something for a list only
		ExtraRow, DoubledRows, WithoutCount, WrongCount, HiddenRows, NoRows,
	}
	for _, shape := range Shapes() {
		name := "answer: " + string(shape)
		switch {
		case shapes[shape].edit == nil:
			add(name+", before", false, anyRequest, Rule{Kind: Answer, Shape: shape})
			add(name+", after", true, anyRequest, Rule{Kind: CommitThenAnswer, Shape: shape})
		case slices.Contains(lists, shape):
			add(name, true, readsOnly, Rule{Kind: CommitThenAnswer, Shape: shape})
		default:
			add(name, true, answers, Rule{Kind: CommitThenAnswer, Shape: shape})
		}
	}
	add("answer: 201 empty, before", false, writesOnly, Rule{Kind: Answer, Status: 201, Shape: EmptyBody})
	add("answer: 404 with an empty object", false, anyRequest, Rule{Kind: Answer, Status: 404, Shape: EmptyObject})
}
