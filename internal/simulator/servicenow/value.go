package servicenow

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// asText makes the string that a JSON value stands for; an object counts by its "value", as a row that was read may
// be sent back.
func asText(raw any) string {
	switch v := raw.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int:
		return strconv.Itoa(v)
	case map[string]any:
		return asText(v["value"])
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(text)
	}
}

// normalise stores a value the way the column's type does.
func (s *Server) normalise(c *Column, raw any, display bool) string {
	value := asText(raw)
	if display {
		value = s.fromDisplay(c, value)
	}
	switch c.Type {
	case Boolean:
		return normaliseBool(value)
	case Integer:
		return normaliseInt(value)
	case DateTime:
		return normaliseTime(value)
	case GlideList:
		parts := strings.Split(value, ",")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		value = strings.Join(parts, ",")
	case String, Reference, ChoiceOf, Password, Password2, Journal, JournalList, GUID:
	}
	if c.MaxLength > 0 && c.Type != Reference {
		if runes := []rune(value); len(runes) > c.MaxLength {
			value = string(runes[:c.MaxLength])
		}
	}
	return value
}

func normaliseBool(value string) string {
	switch strings.ToLower(value) {
	case "true", "1", "yes", "on":
		return "true"
	default:
		return "false"
	}
}

func normaliseInt(value string) string {
	value = strings.ReplaceAll(strings.TrimSpace(value), ",", "")
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	if f, err := strconv.ParseFloat(value, 64); err == nil {
		return strconv.FormatInt(int64(f), 10)
	}
	return ""
}

var datePrefix = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}`)

// normaliseTime cuts ISO-8601 to midnight, as measured on live instances: "T" ends what the parser understands.
func normaliseTime(value string) string {
	value = strings.TrimSpace(value)
	if t, err := time.Parse(wireTime, value); err == nil {
		return t.Format(wireTime)
	}
	if day := datePrefix.FindString(value); day != "" {
		if t, err := time.Parse(time.DateOnly, day); err == nil {
			return t.Format(wireTime)
		}
	}
	return ""
}

// fromDisplay turns what a user would type into the stored value (sysparm_input_display_value=true).
func (s *Server) fromDisplay(c *Column, value string) string {
	for _, ch := range c.Choices {
		if ch.Label == value {
			return ch.Value
		}
	}
	switch c.Type {
	case Reference:
		return s.resolve(c.Reference, value)
	case GlideList:
		parts := strings.Split(value, ",")
		for i, part := range parts {
			parts[i] = s.resolve(c.Reference, strings.TrimSpace(part))
		}
		return strings.Join(parts, ",")
	case String, Boolean, Integer, DateTime, ChoiceOf, Password, Password2, Journal, JournalList, GUID:
	}
	return value
}

func (s *Server) resolve(target, shown string) string {
	t := s.tables[target]
	if shown == "" || t == nil || s.find(t, shown) != nil {
		return shown
	}
	display := t.displayColumn()
	for r := range s.rows(target) {
		if strings.EqualFold(r.values[display], shown) {
			return r.id()
		}
	}
	return ""
}

// display is the text that a form shows for a column.
func (s *Server) display(r *row, c *Column) string {
	value := r.values[c.Name]
	for _, ch := range c.Choices {
		if ch.Value == value {
			return ch.Label
		}
	}
	switch c.Type {
	case Reference:
		return s.displayOf(c.Reference, value)
	case GlideList:
		if value == "" {
			return ""
		}
		parts := strings.Split(value, ",")
		for i, id := range parts {
			if shown := s.displayOf(c.Reference, id); shown != "" {
				parts[i] = shown
			}
		}
		return strings.Join(parts, ", ")
	case ChoiceOf:
		return s.choiceLabel(r, c, value)
	case Integer:
		return grouped(value)
	case Journal, JournalList:
		return s.journalText(r, c)
	case String, Boolean, DateTime, Password, Password2, GUID:
	}
	return value
}

// choiceLabel finds the label of a choice that is offered by a row only: an API, a value that somebody added.
func (s *Server) choiceLabel(r *row, c *Column, value string) string {
	for t := r.table; t != nil && value != ""; t = t.parent {
		if ch := s.where("sys_choice", "name", t.Name, "element", c.Name, "value", value); ch != nil {
			return ch.values["label"]
		}
	}
	return value
}

func (s *Server) displayOf(target, id string) string {
	other := s.findIn(target, id)
	if other == nil {
		return ""
	}
	return other.values[other.table.displayColumn()]
}

// journalText joins the entries newest first, as a journal field's display value does: those of the field, or of each
// one of the record.
func (s *Server) journalText(r *row, c *Column) string {
	var text strings.Builder
	var entries []*row
	for e := range s.rows("sys_journal_field") {
		if e.has("element_id", r.id()) && (c.Type == JournalList || e.values["element"] == c.Name) {
			entries = append(entries, e)
		}
	}
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		label := c.Label
		if of := r.table.column(e.values["element"]); of != nil {
			label = of.Label
		}
		text.WriteString(e.values["sys_created_on"] + " - " + s.writerOf(e) + " (" + label + ")\n" +
			e.values["value"] + "\n\n")
	}
	return text.String()
}

// writerOf is how a form names who wrote a journal entry.
func (s *Server) writerOf(entry *row) string {
	name := entry.values["sys_created_by"]
	if user := s.userNamed(name); user != nil && user.values["name"] != "" {
		return user.values["name"]
	}
	return name
}

// grouped writes 3600 as 3,600: the display value of an integer carries separators.
func grouped(value string) string {
	sign := ""
	if strings.HasPrefix(value, "-") {
		sign, value = "-", value[1:]
	}
	for i := len(value) - 3; i > 0; i -= 3 {
		value = value[:i] + "," + value[i:]
	}
	return sign + value
}

// assignSecret keeps a password. A one-way password that comes without sysparm_input_display_value is stored as sent,
// unhashed, and no login with it succeeds: the trap of the Table API that this project sends a PATCH of its own for.
func (s *Server) assignSecret(r *row, c *Column, value string, w write) bool {
	stored := value
	if c.Type == Password && value != "" {
		if w.display || w.trusted || s.opts.PasswordHashedAlways {
			stored = s.hash(value)
		} else {
			stored = "unhashed:" + value
		}
	}
	// Salted and encrypted anew at each write: sending the same secret again is a change all the same.
	changed := value != "" || r.secrets[c.Name] != ""
	r.secrets[c.Name] = stored
	return changed
}

func (s *Server) hash(password string) string {
	mac := hmac.New(sha256.New, s.hashKey)
	mac.Write([]byte(password))
	return "hash:" + hex.EncodeToString(mac.Sum(nil))
}

func (s *Server) passwordMatches(user *row, password string) bool {
	stored := user.secrets["user_password"]
	return password != "" && hmac.Equal([]byte(stored), []byte(s.hash(password)))
}
