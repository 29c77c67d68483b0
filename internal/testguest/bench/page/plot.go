package page

import (
	"bytes"
	"image/color"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/stats"
)

// The files of the plots.
const (
	comparePlot = "speed-compare.svg"
	levelsPlot  = "speed-levels.svg"
	livePlot    = "speed-live.svg"
	virtualPlot = "speed-virtual.svg"
)

const (
	plotWidth  = 16 * vg.Centimeter
	plotHeight = 9 * vg.Centimeter
	barWidth   = 1 * vg.Centimeter
)

// point is one place of a curve with the spread of its second coordinate.
type point struct {
	x float64
	y stats.Summary
}

// curve is points of one way.
type curve struct {
	name   string
	points []point
}

// plot writes the plots of what was measured into folder.
func (m measured) plot(folder string) error {
	plots := map[string]*plot.Plot{}
	var err error
	draws := func(file string, section string, draw func() (*plot.Plot, error)) {
		if err == nil && m[section] != nil {
			plots[file], err = draw()
		}
	}
	draws(comparePlot, results.Compare, m.plotCompare)
	draws(levelsPlot, results.Compress, m.plotLevels)
	draws(livePlot, results.Scaling, m.plotLive)
	draws(virtualPlot, results.Scaling, m.plotVirtual)
	if err != nil {
		return err
	}
	for file, p := range plots {
		svg, err := encode(p)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, file), svg, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func encode(p *plot.Plot) ([]byte, error) {
	p.BackgroundColor = color.White // also where the page is dark
	w, err := p.WriterTo(plotWidth, plotHeight, "svg")
	if err != nil {
		return nil, err
	}
	var svg bytes.Buffer
	_, err = w.WriteTo(&svg)
	return svg.Bytes(), err
}

// newPlot has seconds upwards.
func newPlot(title, x string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, "seconds"
	p.Title.Padding = vg.Points(6)
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	return p
}

// plotCompare is a bar for each way with its spread.
func (m measured) plotCompare() (*plot.Plot, error) {
	section := m[results.Compare]
	p := newPlot("One small guest, as a whole", "")
	var bars plotter.Values
	var tops []point
	for n, way := range section.Ways() {
		summary := stats.Of(results.Values(section.Of(flagship, way), results.Seconds))
		bars = append(bars, summary.Median)
		tops = append(tops, point{float64(n), summary})
	}
	chart, err := plotter.NewBarChart(bars, barWidth)
	if err != nil {
		return nil, err
	}
	chart.Color, chart.LineStyle.Width = plotutil.Color(2), 0
	spreads, err := plotter.NewYErrorBars(spreadPoints(tops))
	if err != nil {
		return nil, err
	}
	labels, err := plotter.NewLabels(labelsAbove(tops))
	if err != nil {
		return nil, err
	}
	labels.Offset = vg.Point{X: barWidth/2 + 2, Y: 2}
	p.Add(chart, spreads, labels)
	p.NominalX(section.Ways()...)
	p.Y.Min = 0
	return p, nil
}

// labelsAbove writes each median beside its bar.
func labelsAbove(points []point) plotter.XYLabels {
	var labels plotter.XYLabels
	for _, pt := range points {
		labels.XYs = append(labels.XYs, plotter.XY{X: pt.x, Y: pt.y.Median})
		labels.Labels = append(labels.Labels, seconds(pt.y.Median)+" s")
	}
	return labels
}

// plotLevels is each level's time and size.
func (m measured) plotLevels() (*plot.Plot, error) {
	section := m[results.Compress]
	p := newPlot("Compressed images: levels 1 to 9, and qemu-img", "MiB of the image")
	p.Legend.Left = false
	var curves []curve
	for _, kind := range section.Cases() {
		levelled, theirs := curve{name: kind}, curve{name: kind + ", qemu-img"}
		for level := 1; level <= levels; level++ {
			levelled.points = append(levelled.points, sizedPoint(section.Of(kind, results.LevelWay(level)))...)
		}
		theirs.points = sizedPoint(section.Of(kind, results.QEMUImg))
		curves = append(curves, levelled, theirs)
	}
	// The slowest level takes fifty times as long as the fastest.
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	return p, addCurves(p, curves)
}

func sizedPoint(samples []results.Sample) []point {
	if len(samples) == 0 {
		return nil
	}
	return []point{{stats.Of(results.Values(samples, size)).Median / (1 << 20), stats.Of(results.Values(samples, results.Seconds))}}
}

// plotLive is time by live data, of the disks of one virtual size.
func (m measured) plotLive() (*plot.Plot, error) {
	p := newPlot("Disks of 12 GiB", "GiB of live data (image of hyper2kvm)")
	return p, m.plotScaling(p, func(s results.Sample) bool { return s.VirtualBytes == 12<<30 },
		func(s results.Sample) float64 { return float64(s.Bytes) / (1 << 30) })
}

// plotVirtual is time by virtual size, of the disks without added data.
func (m measured) plotVirtual() (*plot.Plot, error) {
	p := newPlot("Disks with the same small live data", "GiB of virtual size")
	return p, m.plotScaling(p, func(s results.Sample) bool { return s.LiveBytes < 1<<30 },
		func(s results.Sample) float64 { return float64(s.VirtualBytes) / (1 << 30) })
}

func (m measured) plotScaling(p *plot.Plot, wanted func(results.Sample) bool, x func(results.Sample) float64) error {
	section := m[results.Scaling]
	var curves []curve
	for _, way := range section.Ways() {
		c := curve{name: way}
		for _, name := range section.Cases() {
			// Where a disk lies is told by our image of it, for all ways.
			ours, samples := section.Of(name, results.Ours), section.Of(name, way)
			if len(ours) > 0 && len(samples) > 0 && wanted(ours[0]) {
				c.points = append(c.points, point{x(ours[0]), stats.Of(results.Values(samples, results.Seconds))})
			}
		}
		slices.SortFunc(c.points, func(a, b point) int { return int(1000 * (a.x - b.x)) })
		curves = append(curves, c)
	}
	p.X.Min, p.Y.Min = 0, 0
	return addCurves(p, curves)
}

// addCurves draws curves with their spread. Those without points are left out.
func addCurves(p *plot.Plot, curves []curve) error {
	for n, c := range curves {
		if len(c.points) == 0 {
			continue
		}
		points := spreadPoints(c.points)
		line, marks, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Color, marks.Color, marks.Shape = plotutil.Color(n), plotutil.Color(n), draw.CircleGlyph{}
		spreads, err := plotter.NewYErrorBars(points)
		if err != nil {
			return err
		}
		spreads.Color = plotutil.Color(n)
		p.Add(line, marks, spreads)
		p.Legend.Add(c.name, line, marks)
	}
	return nil
}

// errorPoints are points as gonum/plot wants them.
type errorPoints struct {
	plotter.XYs
	plotter.YErrors
}

func spreadPoints(points []point) errorPoints {
	var e errorPoints
	for _, pt := range points {
		e.XYs = append(e.XYs, plotter.XY{X: pt.x, Y: pt.y.Median})
		e.YErrors = append(e.YErrors, struct{ Low, High float64 }{pt.y.Median - pt.y.Min, pt.y.Max - pt.y.Median})
	}
	return e
}
