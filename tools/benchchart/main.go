// Command benchchart draws the no-change plans of the benchmark's results: wall time over latency, one line a variant,
// one plot a size. It is a module of its own so that nothing else depends on a plotting library.
//
//	benchchart RESULTS.json CHART.svg
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"os"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

type measurement struct {
	Resources   int     `json:"resources"`
	LatencyMS   int     `json:"latency_ms"`
	Operation   string  `json:"operation"`
	Variant     string  `json:"variant"`
	WallSeconds float64 `json:"wall_seconds"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "benchchart:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 2 {
		return errors.New("usage: benchchart RESULTS.json CHART.svg")
	}
	text, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	var results struct {
		Measurements []measurement `json:"measurements"`
	}
	if err := json.Unmarshal(text, &results); err != nil {
		return fmt.Errorf("reading %s: %w", arguments[0], err)
	}
	plans := slices.DeleteFunc(results.Measurements, func(m measurement) bool { return m.Operation != "no-change plan" })
	if len(plans) == 0 {
		return fmt.Errorf("%s holds no plans", arguments[0])
	}
	canvas, err := drawPlots(plans)
	if err != nil {
		return err
	}
	file, err := os.Create(arguments[1])
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(file); err != nil {
		return errors.Join(err, file.Close())
	}
	return file.Close()
}

// drawPlots puts a plot of each size beside the others.
func drawPlots(plans []measurement) (*vgsvg.Canvas, error) {
	bySize := map[int][]measurement{}
	for _, m := range plans {
		bySize[m.Resources] = append(bySize[m.Resources], m)
	}
	row := make([]*plot.Plot, 0, len(bySize))
	for _, size := range sortedKeys(bySize) {
		p, err := onePlot(size, bySize[size])
		if err != nil {
			return nil, err
		}
		row = append(row, p)
	}
	canvas := vgsvg.New(vg.Length(len(row))*9*vg.Centimeter, 8*vg.Centimeter)
	area := draw.New(canvas)
	area.SetColor(color.White) // a page may be dark
	area.Fill(area.Rectangle.Path())
	tiles := draw.Tiles{Rows: 1, Cols: len(row), PadX: 4 * vg.Millimeter, PadTop: 2 * vg.Millimeter}
	for i, aligned := range plot.Align([][]*plot.Plot{row}, tiles, area)[0] {
		row[i].Draw(aligned)
	}
	return canvas, nil
}

func onePlot(size int, plans []measurement) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = fmt.Sprintf("Plan of %d resources, no change", size)
	p.X.Label.Text, p.Y.Label.Text = "latency of each answer, ms", "wall time, s"
	p.Y.Min = 0
	p.Legend.Top, p.Legend.Left = true, true
	byVariant := map[string]plotter.XYs{}
	slices.SortFunc(plans, func(a, b measurement) int { return cmp.Compare(a.LatencyMS, b.LatencyMS) })
	highest := 0.0
	for _, m := range plans {
		byVariant[m.Variant] = append(byVariant[m.Variant], plotter.XY{X: float64(m.LatencyMS), Y: m.WallSeconds})
		highest = max(highest, m.WallSeconds)
	}
	palette := []color.Color{
		color.RGBA{R: 0x1b, G: 0x9e, B: 0x77, A: 0xff},
		color.RGBA{R: 0xd9, G: 0x5f, B: 0x02, A: 0xff},
		color.RGBA{R: 0x75, G: 0x70, B: 0xb3, A: 0xff},
		color.RGBA{R: 0x66, G: 0x66, B: 0x66, A: 0xff},
	}
	for i, variant := range sortedKeys(byVariant) {
		line, points, err := plotter.NewLinePoints(byVariant[variant])
		if err != nil {
			return nil, err
		}
		line.Color, points.Color = palette[i%len(palette)], palette[i%len(palette)]
		points.Shape = draw.CircleGlyph{}
		p.Add(line, points)
		p.Legend.Add(variant, line, points)
	}
	p.Y.Max = highest * 1.4 // room for the legend
	return p, nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
