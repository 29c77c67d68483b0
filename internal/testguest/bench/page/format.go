package page

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/stats"
)

// document is Markdown under construction.
type document struct{ strings.Builder }

func (d *document) printf(format string, args ...any) { fmt.Fprintf(d, format, args...) }

// table writes a table. All columns but the first hold numbers.
func (d *document) table(head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	d.printf("| %s |\n|---|%s\n", strings.Join(head, " | "), strings.Repeat("---:|", len(head)-1))
	for _, row := range rows {
		d.printf("| %s |\n", strings.Join(row, " | "))
	}
	d.printf("\n")
}

// seconds is a duration with what is worth reading of it.
func seconds(value float64) string {
	switch {
	case value >= 100:
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return fmt.Sprintf("%.1f", value)
	default:
		return fmt.Sprintf("%.2f", value)
	}
}

// spread is the median with the smallest and the largest value.
func spread(s stats.Summary) string { return spreadOf(s, seconds, "–") }

func spreadOf(s stats.Summary, format func(float64) string, to string) string {
	switch s.Count {
	case 0:
		return "–"
	case 1:
		return format(s.Median)
	}
	return fmt.Sprintf("%s (%s%s%s)", format(s.Median), format(s.Min), to, format(s.Max))
}

// factor is a ratio.
func factor(value float64) string { return seconds(value) + " ×" }

// factors are ratios.
func factors(s stats.Summary) string { return spread(s) + " ×" }

// percents are ratios as differences from 1.
func percents(s stats.Summary) string { return spreadOf(s, percent, " to ") }

// percent is a ratio as the difference from 1.
func percent(value float64) string { return fmt.Sprintf("%+.1f %%", 100*(value-1)) }

func mebibytes(bytes float64) string { return fmt.Sprintf("%.0f MiB", bytes/(1<<20)) }

func gibibytes(bytes float64) string { return fmt.Sprintf("%.1f GiB", bytes/(1<<30)) }
