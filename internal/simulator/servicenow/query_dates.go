package servicenow

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

const scriptPrefix = "javascript:"

// meFilter is the shipped dynamic filter option "Me".
const meFilter = "90d1921e5f510100a9ad2572f2b477fe"

var scriptCall = regexp.MustCompile(`^gs\.(\w+)\(([^()]*)\);?$`)

// evaluate replaces the expressions of a value, one for each part of a range; ok is false when one is not built here.
func (s *Server) evaluate(value string, c *caller) (evaluated string, ok bool) {
	if !strings.Contains(value, scriptPrefix) {
		return value, true
	}
	parts := strings.Split(value, "@")
	for i, part := range parts {
		expression, scripted := strings.CutPrefix(part, scriptPrefix)
		if !scripted {
			continue
		}
		if parts[i], ok = s.script(strings.TrimSpace(expression), c); !ok {
			return "", false
		}
	}
	return strings.Join(parts, "@"), true
}

// script evaluates one call of the GlideSystem object: the caller, and the dates that condition builders write. Times
// are UTC, since the simulator's users have no time zone of their own.
func (s *Server) script(expression string, c *caller) (value string, ok bool) {
	call := scriptCall.FindStringSubmatch(expression)
	if call == nil {
		return "", false
	}
	name := call[1]
	var arguments []string
	for _, a := range strings.Split(call[2], ",") {
		arguments = append(arguments, strings.Trim(strings.TrimSpace(a), `'"`))
	}
	switch name {
	case "getUserID", "getUserName":
		switch {
		case c == nil:
			return "", true
		case name == "getUserID":
			return c.userID, true
		default:
			return c.userName, true
		}
	case "now", "nowDateTime":
		return s.stamp(), true
	case "dateGenerate":
		return generatedDate(arguments)
	}
	if start, found := strings.CutPrefix(name, "beginningOf"); found {
		from, _, ok := period(s.now(), start)
		return from.Format(wireTime), ok
	}
	if end, found := strings.CutPrefix(name, "endOf"); found {
		_, until, ok := period(s.now(), end)
		return until.Format(wireTime), ok
	}
	unit, edge, found := strings.Cut(name, "Ago")
	n, err := strconv.Atoi(arguments[0])
	if !found || err != nil {
		return "", false
	}
	return ago(s.now(), unit, edge, n)
}

// generatedDate is gs.dateGenerate(date, time), whose time may be "start" or "end" of the day.
func generatedDate(arguments []string) (string, bool) {
	if len(arguments) != 2 {
		return "", false
	}
	clock := map[string]string{"start": "00:00:00", "end": "23:59:59"}[arguments[1]]
	if clock == "" {
		clock = arguments[1]
	}
	t, err := time.Parse(wireTime, arguments[0]+" "+clock)
	return t.Format(wireTime), err == nil
}

// period returns the first and last second of Today, LastMonth and similar.
func period(now time.Time, name string) (from, until time.Time, ok bool) {
	shift := 0
	switch {
	case name == "Yesterday":
		name, shift = "Day", -1
	case name == "Tomorrow":
		name, shift = "Day", 1
	case name == "Today":
		name = "Day"
	case strings.HasPrefix(name, "Last"):
		name, shift = name[len("Last"):], -1
	case strings.HasPrefix(name, "Next"):
		name, shift = name[len("Next"):], 1
	case strings.HasPrefix(name, "This"):
		name = name[len("This"):]
	default:
		return from, until, false
	}
	unit := strings.ToLower(name) + "s"
	from, ok = floor(now, unit)
	if !ok {
		return from, until, false
	}
	from = plus(from, unit, shift)
	return from, plus(from, unit, 1).Add(-time.Second), true
}

// ago is n units before now; edge Start or End widens it to that edge of the unit.
func ago(now time.Time, unit, edge string, n int) (string, bool) {
	t := plus(now, unit, -n)
	from, ok := floor(t, unit)
	switch {
	case !ok:
		return "", false
	case edge == "Start":
		t = from
	case edge == "End":
		t = plus(from, unit, 1).Add(-time.Second)
	case edge != "":
		return "", false
	}
	return t.Format(wireTime), true
}

func plus(t time.Time, unit string, n int) time.Time {
	switch unit {
	case "minutes":
		return t.Add(time.Duration(n) * time.Minute)
	case "hours":
		return t.Add(time.Duration(n) * time.Hour)
	case "weeks":
		return t.AddDate(0, 0, 7*n)
	case "months":
		return t.AddDate(0, n, 0)
	case "quarters":
		return t.AddDate(0, 3*n, 0)
	case "years":
		return t.AddDate(n, 0, 0)
	default:
		return t.AddDate(0, 0, n)
	}
}

// floor returns the beginning of the unit that t lies in; weeks begin on Monday. ok is false for an unknown unit.
func floor(t time.Time, unit string) (start time.Time, ok bool) {
	year, month, day := t.Date()
	switch unit {
	case "minutes":
		return t.Truncate(time.Minute), true
	case "hours":
		return t.Truncate(time.Hour), true
	case "days":
	case "weeks":
		day -= (int(t.Weekday()) + 6) % 7
	case "months":
		day = 1
	case "quarters":
		month, day = month-(month-1)%3, 1
	case "years":
		month, day = time.January, 1
	default:
		return t, false
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC), true
}

// relative turns the value of RELATIVEGT and its siblings, "@hour@ago@3", into a point in time.
func relative(now time.Time, value string) (string, bool) {
	parts := strings.Split(strings.TrimPrefix(value, "@"), "@")
	if len(parts) != 3 {
		return "", false
	}
	n, err := strconv.Atoi(parts[2])
	unit := map[string]string{
		"minute": "minutes", "hour": "hours", "dayofweek": "days", "week": "weeks", "month": "months",
		"quarter": "quarters", "year": "years",
	}[parts[0]]
	switch {
	case err != nil || unit == "":
		return "", false
	case parts[1] == "ago":
		n = -n
	case parts[1] != "ahead":
		return "", false
	}
	return plus(now, unit, n).Format(wireTime), true
}
