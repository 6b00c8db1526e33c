// Command demo-picture draws what the demo printed as an SVG picture of a terminal, for README.md.
//
//	demo-picture <demo.txt >demo.svg
package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = draw(os.Stdout, string(text))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo-picture:", err)
		os.Exit(1)
	}
}

// Measures of the picture, in pixels but for width, which counts characters.
const (
	width  = 110
	line   = 18
	letter = 7.8
	margin = 16
)

// colours of the first word of a line; a detail line has none.
var colours = map[string]string{
	"Break": "#ff7b72", "Plan": "#79c0ff", "Push": "#d2a8ff", "Apply": "#7ee787", "Destroy": "#ffa657",
	"Done": "#7ee787",
}

// draw writes text as SVG, with lines that are too long wrapped below their first word.
func draw(w io.Writer, text string) error {
	var lines []string
	for l := range strings.Lines("$ make demo\n" + text) {
		lines = append(lines, wrap(strings.TrimRight(l, "\n"))...)
	}
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" role="img" `+
		`aria-label="Output of make demo">`+"\n", width*letter+2*margin, len(lines)*line+2*margin)
	svg.WriteString(`<rect width="100%" height="100%" rx="8" fill="#0d1117"/>` + "\n")
	svg.WriteString(`<g font-family="ui-monospace,Menlo,Consolas,monospace" font-size="13" fill="#c9d1d9" ` +
		`xml:space="preserve">` + "\n")
	for i, l := range lines {
		fmt.Fprintf(&svg, `<text x="%d" y="%d">`, margin, margin+(i+1)*line-5)
		step, rest, _ := strings.Cut(l, " ")
		if colour := colours[step]; colour != "" {
			fmt.Fprintf(&svg, `<tspan fill="%s" font-weight="bold">%s</tspan> `, colour, step)
			l = rest
		}
		if err := xml.EscapeText(&svg, []byte(l)); err != nil {
			return fmt.Errorf("writing a line: %w", err)
		}
		svg.WriteString("</text>\n")
	}
	svg.WriteString("</g>\n</svg>\n")
	_, err := io.WriteString(w, svg.String())
	return err
}

// wrap breaks a line at spaces; what follows the break is indented as the demo indents details.
func wrap(l string) []string {
	const indent = "          "
	var lines []string
	for utf8.RuneCountInString(l) > width {
		head := string([]rune(l)[:width])
		at := strings.LastIndex(head, " ")
		if at <= len(indent) {
			break // a word that is longer than a line
		}
		lines = append(lines, l[:at])
		l = indent + l[at+1:]
	}
	return append(lines, l)
}
