package rest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Redacted stands in a text where a secret stood.
const Redacted = "[redacted]"

const (
	// minSecret is the length in bytes below which a secret is not looked for: replacing shorter ones would garble every
	// text, and reveal them by where it is garbled.
	minSecret = 4
	// minName is the same for a user name and for a configured header: "elastic" stands in half of all messages.
	minName = 8
	// shortWord is the length below which a secret of letters counts only as a word of its own: "admin" stands in
	// "administrator", and "[redacted]istrator" gives it away.
	shortWord = 8
	// minCore is how much of an encoded secret must be alike before it counts.
	minCore = 6
	// maxCore is how much of an encoded secret is kept; the rest is the run of the alphabet that follows it.
	maxCore = 48
	// maxPasses bounds how often an escaped text is unescaped: a quoted JSON text in a JSON text in a page.
	maxPasses = 4
)

// jsonWebToken matches access tokens and assertions of that form, whoever made them.
var jsonWebToken = regexp.MustCompile(`eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*`)

// Redactor takes secrets out of texts, in whichever form a server or a gateway quotes them: as they are, escaped for
// JSON, HTML or a URL (also one within the other), as base64 or hex, alone or as a part of what was encoded, and cut
// short after 12 bytes or more, since gateways quote the beginning of a body. Secrets of fewer than four bytes are left
// alone. It is safe for concurrent use, and what it was told once it never forgets.
type Redactor struct {
	mu sync.RWMutex
	// known holds what was added, so that a secret of a thousand resources costs its forms once.
	known map[string]bool
	// plain are looked for in a text as it is and unescaped once; canonical in the text unescaped to its end.
	plain, canonical forms
}

// NewRedactor makes a Redactor that knows no secret.
func NewRedactor() *Redactor { return &Redactor{known: map[string]bool{}} }

// Add makes secrets known. Of a text of several lines, such as a PEM key, each line is one.
func (r *Redactor) Add(secrets ...string) { r.learn(secrets, false) }

// learn makes texts known. Of a whole one, a part does not count.
func (r *Redactor) learn(secrets []string, whole bool) {
	for _, secret := range secrets {
		if len(secret) < minSecret || r.knows(secret) {
			continue
		}
		r.mu.Lock()
		r.add(secret, whole || strings.Contains(secret, "\n")) // of several lines, each is known by its parts
		for line := range strings.Lines(secret) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && line != secret {
				r.add(line, whole)
			}
		}
		r.mu.Unlock()
	}
}

// AddNames makes values known that are confidential rather than secret, such as the user names of connectors. Those of
// fewer than eight characters are left alone, because they are ordinary words too often.
func (r *Redactor) AddNames(names ...string) {
	for _, name := range names {
		if utf8.RuneCountInString(name) >= minName {
			r.learn([]string{name}, true)
		}
	}
}

func (r *Redactor) knows(secret string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.known[secret]
}

func (r *Redactor) add(secret string, whole bool) {
	if len(secret) < minSecret || r.known[secret] {
		return
	}
	r.known[secret] = true
	texts := []string{secret}
	word := isShortWord(secret)
	r.plain.add(form{secret, noRun, whole, word})
	for _, escaped := range jsonForms(secret) {
		if escaped != secret {
			texts = append(texts, escaped) // as it stands in the body that was encoded
		}
	}
	encoded := map[string]alphabet{}
	for _, text := range texts {
		for _, core := range base64Cores(text) {
			encoded[core] = base64Alphabet
		}
		lower := hex.EncodeToString([]byte(text))
		lower = lower[:min(len(lower), 2*maxCore)]
		encoded[lower], encoded[strings.ToUpper(lower)] = hexAlphabet, hexAlphabet
	}
	for core, run := range encoded {
		r.plain.add(form{core, run, whole, false})
	}
	// In a query a space is "+".
	encoded[secret], encoded[strings.ReplaceAll(secret, " ", "+")] = noRun, noRun
	for core, run := range encoded {
		if c := canonical(core); len(strings.TrimSpace(c)) >= minSecret {
			r.canonical.add(form{c, run, whole, word && core == secret})
		}
	}
}

// jsonForms are a secret as Go's encoder and as JavaScript's write it in a JSON string, without the quotes.
func jsonForms(secret string) []string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(secret)
	script := strings.TrimSpace(b.String())
	marshaled, _ := json.Marshal(secret)
	return []string{string(marshaled[1 : len(marshaled)-1]), script[1 : len(script)-1]}
}

// base64Cores are the characters that a text's bytes alone decide, wherever in the encoded bytes the text stands, and
// the whole of it encoded by itself.
func base64Cores(text string) []string {
	var cores []string
	add := func(core string) {
		if len(core) >= minCore {
			core = core[:min(len(core), maxCore)]
			cores = append(cores, core, strings.NewReplacer("+", "-", "/", "_").Replace(core))
		}
	}
	add(base64.RawStdEncoding.EncodeToString([]byte(text)))
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), text...))
		first, end := (before*8+5)/6, (before+len(text))*8/6
		add(encoded[first:end])
	}
	return cores
}

// Redact replaces every secret in a text. The text around them stays.
func (r *Redactor) Redact(s string) string {
	if s == "" {
		return s
	}
	if spans := r.find(s); len(spans) > 0 {
		s = replaceSpans(s, spans)
	}
	if strings.Contains(s, "eyJ") {
		s = jsonWebToken.ReplaceAllString(s, Redacted)
	}
	return s
}

// span is a part of a text, in bytes.
type span struct{ start, end int }

func (r *Redactor) find(s string) []span {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.known) == 0 {
		return nil
	}
	spans := r.plain.find(view{text: s}, nil)
	for _, once := range []unescaper{fromJSON, fromHTML, fromURL} {
		if v, changed := (view{text: s}).unescape(once); changed {
			spans = r.plain.find(v, spans)
		}
	}
	v := canonicalView(s, func(between view) { spans = r.plain.find(between, spans) })
	return r.canonical.find(v, spans)
}

func replaceSpans(s string, spans []span) string {
	slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	for i := 0; i < len(spans); {
		start, end := spans[i].start, spans[i].end
		for i++; i < len(spans) && spans[i].start <= end; i++ {
			end = max(end, spans[i].end)
		}
		b.WriteString(s[at:start])
		b.WriteString(Redacted)
		at = end
	}
	b.WriteString(s[at:])
	return b.String()
}

// alphabet is the characters over which a match extends to both sides: of a secret that was encoded as a part of
// something longer, the characters at the edges hold bits of it.
type alphabet int

const (
	noRun alphabet = iota
	base64Alphabet
	hexAlphabet
)

func (a alphabet) holds(c byte) bool {
	switch {
	case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		return a != noRun
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.IndexByte("+/=-_", c) >= 0:
		return a == base64Alphabet
	}
	return false
}

// form is one shape of a secret.
type form struct {
	text  string
	run   alphabet
	whole bool // a part of it is an ordinary word
	word  bool // so is what it may be a part of
}

// isShortWord reports whether a secret is like an ordinary word.
func isShortWord(secret string) bool {
	letter := func(c rune) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
	return len(secret) < shortWord && strings.IndexFunc(secret, func(c rune) bool { return !letter(c) }) < 0
}

func isWord(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }

// standsAlone reports whether no letter or digit is next to a part of a text.
func standsAlone(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return (start == 0 || !isWord(before)) && (end == len(text) || !isWord(after))
}

// matches returns how many bytes at the beginning of a text are the form, or the beginning of one that was cut short.
func (f form) matches(text string) int {
	n := 0
	for n < len(f.text) && n < len(text) && f.text[n] == text[n] {
		n++
	}
	if n == len(f.text) {
		return n
	}
	for n > 0 && !utf8.RuneStart(f.text[n]) {
		n--
	}
	if f.whole || n < longPrefix {
		return 0
	}
	return n
}

// forms finds many texts in one pass, and takes new ones at any time without rebuilding anything.
type forms struct {
	// begins reports whether any form begins with two bytes, so that most positions of a text need no look into byPrefix.
	begins []uint64
	// byPrefix holds the forms by their first bytes: longPrefix of them, or minSecret where a form is shorter.
	byPrefix map[string][]form
}

// longPrefix is more than the beginnings that many secrets share, such as "now_", and the shortest part that counts.
const longPrefix = 12

func (f *forms) add(one form) {
	if f.byPrefix == nil {
		f.byPrefix, f.begins = map[string][]form{}, make([]uint64, 1<<16/64)
	}
	prefix := one.text[:minSecret]
	if len(one.text) >= longPrefix {
		prefix = one.text[:longPrefix]
	}
	f.byPrefix[prefix] = append(f.byPrefix[prefix], one)
	two := uint(prefix[0])<<8 | uint(prefix[1])
	f.begins[two/64] |= 1 << (two % 64)
}

func (f *forms) find(v view, spans []span) []span {
	if f.byPrefix == nil {
		return spans
	}
	for i := 0; i+minSecret <= len(v.text); i++ {
		two := uint(v.text[i])<<8 | uint(v.text[i+1])
		if f.begins[two/64]&(1<<(two%64)) == 0 {
			continue
		}
		for _, length := range []int{minSecret, longPrefix} {
			if i+length > len(v.text) {
				break
			}
			for _, one := range f.byPrefix[v.text[i:i+length]] {
				if n := one.matches(v.text[i:]); n > 0 && (!one.word || standsAlone(v.text, i, i+n)) {
					spans = append(spans, v.extend(i, i+n, one.run))
				}
			}
		}
	}
	return spans
}

// extend returns the place in the original of a match and of the rest of its run.
func (v view) extend(start, end int, run alphabet) span {
	for start > 0 && run.holds(v.text[start-1]) {
		start--
	}
	for end < len(v.text) && run.holds(v.text[end]) {
		end++
	}
	return v.inOriginal(start, end)
}

// view is a text as it reads once escapes are undone, and where in the original each of its bytes stood.
type view struct {
	text         string
	starts, ends []int // nil: nothing was undone
}

func (v view) inOriginal(start, end int) span {
	if v.starts == nil {
		return span{start, end}
	}
	return span{v.starts[start], v.ends[end-1]}
}

// unescaper undoes escapes of one kind.
type unescaper struct {
	// marks are the bytes that an escape begins with.
	marks string
	// undo reports what the escape at the beginning of a text stands for, and how many bytes it takes; 0: none.
	undo func(s string) (plain string, length int)
}

var (
	fromJSON = unescaper{`\`, unescapeJSON}
	fromHTML = unescaper{"&", unescapeHTML}
	fromURL  = unescaper{"%+", unescapeURL}
	fromAny  = unescaper{`\&%`, unescapeAny}
	toSpace  = unescaper{" \t\r\n", foldSpace}
)

// unescape undoes every escape once.
func (v view) unescape(from unescaper) (view, bool) {
	undo, found := from.undo, false
	for i := 0; !found; i++ {
		next := strings.IndexAny(v.text[i:], from.marks)
		if next < 0 {
			return v, false
		}
		i += next
		_, n := undo(v.text[i:])
		found = n > 0
	}
	out := make([]byte, 0, len(v.text))
	starts, ends := make([]int, 0, len(v.text)), make([]int, 0, len(v.text))
	for i := 0; i < len(v.text); {
		plain, n := undo(v.text[i:])
		if n == 0 {
			plain, n = v.text[i:i+1], 1
		}
		at := v.inOriginal(i, i+n)
		for j := range len(plain) {
			out = append(out, plain[j])
			starts, ends = append(starts, at.start), append(ends, at.end)
		}
		i += n
	}
	return view{string(out), starts, ends}, true
}

// canonicalView undoes escapes of every kind until none is left, and takes any white space for one space, so that texts
// that mean the same read the same. between sees each text on the way.
func canonicalView(s string, between func(view)) view {
	v := view{text: s}
	for range maxPasses {
		var changed bool
		if v, changed = v.unescape(fromAny); !changed {
			break
		}
		between(v)
	}
	v, _ = v.unescape(toSpace)
	return v
}

func canonical(s string) string { return canonicalView(s, func(view) {}).text }

func unescapeAny(s string) (string, int) {
	switch s[0] {
	case '\\':
		return unescapeJSON(s)
	case '&':
		return unescapeHTML(s)
	case '%':
		return unescapeURL(s)
	}
	return "", 0
}

// foldSpace makes a run of white space one space.
func foldSpace(s string) (string, int) {
	n := 0
	for n < len(s) && strings.IndexByte(" \t\r\n", s[n]) >= 0 {
		n++
	}
	if n == 0 || s[:n] == " " {
		return "", 0
	}
	return " ", n
}

// unescapeJSON undoes what JSON, JavaScript and Go's %q write.
func unescapeJSON(s string) (string, int) {
	if s[0] != '\\' || len(s) < 2 {
		return "", 0
	}
	switch c := s[1]; {
	case strings.IndexByte("nrtbf", c) >= 0:
		return map[byte]string{'n': "\n", 'r': "\r", 't': "\t", 'b': "\b", 'f': "\f"}[c], 2
	case c == 'x':
		if code, ok := hexDigits(s, 2); ok {
			return string([]byte{byte(code)}), 4 //nolint:gosec // two digits
		}
	case c == 'U':
		if code, ok := hexDigits(s, 8); ok {
			return string(code), 10
		}
	case c == 'u':
		first, ok := hexDigits(s, 4)
		if !ok {
			return "", 0
		}
		if utf16.IsSurrogate(first) && strings.HasPrefix(s[6:], `\u`) {
			if second, ok := hexDigits(s[6:], 4); ok {
				return string(utf16.DecodeRune(first, second)), 12
			}
		}
		return string(first), 6
	case c < utf8.RuneSelf && !isAlphanumeric(c):
		return s[1:2], 2
	}
	return "", 0
}

// hexDigits reads n digits after a backslash and a letter.
func hexDigits(s string, n int) (rune, bool) {
	if len(s) < 2+n {
		return 0, false
	}
	code, err := strconv.ParseUint(s[2:2+n], 16, 31)
	return rune(code), err == nil
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// unescapeHTML undoes one entity, named or numeric.
func unescapeHTML(s string) (string, int) {
	if s[0] != '&' {
		return "", 0
	}
	end := strings.IndexByte(s[:min(len(s), 34)], ';')
	if end < 0 {
		return "", 0
	}
	entity := s[:end+1]
	// Of an unknown name, html.UnescapeString may take the beginning for a known one, and leaves the rest.
	plain := html.UnescapeString(entity)
	if plain == entity || strings.HasSuffix(plain, ";") && !semicolon.MatchString(entity) {
		return "", 0
	}
	return plain, end + 1
}

// semicolon matches the entities of the character that ends every entity.
var semicolon = regexp.MustCompile(`^&(#0*59|#[xX]0*3[bB]|semi);$`)

// unescapeURL undoes one percent-encoded byte, and "+".
func unescapeURL(s string) (string, int) {
	switch {
	case s[0] == '+':
		return " ", 1
	case s[0] == '%' && len(s) >= 3:
		if code, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			return string([]byte{byte(code)}), 3
		}
	}
	return "", 0
}
