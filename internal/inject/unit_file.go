package inject

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// install is the [Install] section of a unit (systemd.unit(5)).
type install struct {
	wantedBy, requiredBy, upheldBy, alias, also []string
	defaultInstance                             string
}

// parseInstall reads the section from a unit and its drop-ins, which are given
// one after the other.
func parseInstall(texts ...string) install {
	var all conf.INI
	for _, text := range texts {
		file := conf.ReadINI(text)
		all = append(all, file...)
	}
	return install{
		wantedBy:        all.Words("Install", "WantedBy"),
		requiredBy:      all.Words("Install", "RequiredBy"),
		upheldBy:        all.Words("Install", "UpheldBy"),
		alias:           all.Words("Install", "Alias"),
		also:            all.Words("Install", "Also"),
		defaultInstance: all.Value("Install", "DefaultInstance"),
	}
}

// empty reports that enabling the unit does nothing: it is static.
func (i install) empty() bool {
	return len(i.wantedBy)+len(i.requiredBy)+len(i.upheldBy)+len(i.alias)+len(i.also) == 0
}

// unitSuffix is the unit types that can be enabled.
var unitSuffix = regexp.MustCompile(`\.(service|socket|timer|path|target|mount|automount|swap|slice|device|scope)$`)

// withSuffix completes a name without a type to a service's.
func withSuffix(name string) string {
	if unitSuffix.MatchString(name) {
		return name
	}
	return name + ".service"
}

// splitUnit splits "getty@tty1.service" into "getty", "tty1" and ".service".
// isInstance is true where there is an @, also for a template ("getty@.service").
func splitUnit(name string) (stem, instance, suffix string, isInstance bool) {
	dot := strings.LastIndex(name, ".")
	if dot < 0 {
		dot = len(name)
	}
	stem, suffix = name[:dot], name[dot:]
	stem, instance, isInstance = strings.Cut(stem, "@")
	return stem, instance, suffix, isInstance
}

// templateOf is the template of an instance: "getty@.service".
func templateOf(name string) (string, bool) {
	stem, instance, suffix, isInstance := splitUnit(name)
	if !isInstance || instance == "" {
		return "", false
	}
	return stem + "@" + suffix, true
}

// expand replaces the specifiers of systemd.unit(5) that an [Install] section
// of the unit can resolve without a running system.
func expand(text, unit string) (string, error) {
	stem, instance, suffix, isInstance := splitUnit(unit)
	whole := strings.TrimSuffix(unit, suffix)
	values := map[byte]string{'%': "%", 'n': unit, 'N': whole, 'p': stem, 'i': instance, 'I': instance, 'j': stem}
	if dash := strings.LastIndex(stem, "-"); dash >= 0 {
		values['j'] = stem[dash+1:]
	}
	if !isInstance {
		values['p'] = whole
	}
	var result strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			result.WriteByte(text[i])
			continue
		}
		i++
		if i == len(text) {
			return "", fmt.Errorf("%q ends in a lone %%", text)
		}
		value, ok := values[text[i]]
		if !ok {
			return "", fmt.Errorf("the specifier %%%c in %q has no value before the guest runs", text[i], text)
		}
		result.WriteString(value)
	}
	return result.String(), nil
}
