package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestDrawShowsEveryLine(t *testing.T) {
	t.Parallel()
	long := "Done      " + strings.Repeat("words → ", 30) + strings.Repeat("x", 200)
	var svg bytes.Buffer
	if err := draw(&svg, "Plan      a < b & \"c\"\n"+long+"\n"); err != nil {
		t.Fatal(err)
	}
	var shown []string
	for decoder := xml.NewDecoder(&svg); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not XML: %v", err)
		}
		if text, isText := token.(xml.CharData); isText {
			shown = append(shown, string(text))
		}
	}
	words := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	want := words("$ make demo Plan a < b & \"c\" " + long)
	if got := words(strings.Join(shown, " ")); got != want {
		t.Errorf("the picture shows\n%s\nwant\n%s", got, want)
	}
}

func TestWrapKeepsLinesShort(t *testing.T) {
	t.Parallel()
	for _, l := range wrap("Done      " + strings.Repeat("drift ", 60)) {
		if n := len([]rune(l)); n > width {
			t.Errorf("a line has %d characters: %q", n, l)
		}
	}
}
