package menu

import (
	"maps"
	"slices"
	"strings"
)

// branch runs what an if leads to, or all that it may lead to.
func (s *grubScript) branch(node grubNode) {
	var possible [][]grubNode
	for i, body := range node.bodies {
		if i >= len(node.conditions) {
			possible = append(possible, body)
			break
		}
		switch s.holds(node.conditions[i]) {
		case yes:
			if len(possible) == 0 {
				s.run(body)
				return
			}
			s.either(append(possible, body), false)
			return
		case perhaps:
			possible = append(possible, body)
		case no:
		}
	}
	s.either(possible, len(node.bodies) == len(node.conditions))
}

// either runs each of the bodies, one of which is run in truth, or none of them.
func (s *grubScript) either(bodies [][]grubNode, orNone bool) {
	if len(bodies) == 1 && !orNone {
		s.run(bodies[0])
		return
	}
	before := s.vars
	var after map[string]string
	if orNone && s.spend(len(before)) {
		after = maps.Clone(before)
	}
	s.unsure++
	for _, body := range bodies {
		if !s.spend(len(before)) {
			break
		}
		s.vars = maps.Clone(before)
		s.run(body)
		if after == nil {
			after = s.vars
			continue
		}
		blur(after, s.vars)
	}
	s.unsure--
	s.vars = after
	if after == nil {
		s.vars = before
	}
}

// blur makes vague what two ways through a script have set differently. Not to be set
// is to be empty.
func blur(values, others map[string]string) {
	for name, other := range others {
		if values[name] != other {
			values[name] = vagueValue
		}
	}
	for name, value := range values {
		if others[name] != value {
			values[name] = vagueValue
		}
	}
}

// maybe runs what may be left out.
func (s *grubScript) maybe(body []grubNode) { s.either([][]grubNode{body}, true) }

type truth int

const (
	no truth = iota
	yes
	perhaps
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) negated() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	case perhaps:
	}
	return perhaps
}

// holds evaluates the condition of an if.
func (s *grubScript) holds(condition []grubNode) truth {
	if len(condition) != 1 || condition[0].kind != grubCommand {
		for _, node := range condition {
			s.run([]grubNode{node})
		}
		return perhaps
	}
	words := condition[0].words
	result := perhaps
	switch words[0] {
	case "[", "test":
		words = words[1:]
		if len(words) > 0 && words[len(words)-1] == "]" {
			words = words[:len(words)-1]
		}
		result = s.test(words)
	case "true":
		result = yes
	case "false":
		result = no
	default:
		s.command(words)
	}
	if condition[0].negated {
		return result.negated()
	}
	return result
}

// maxTested is how many words of a condition are understood.
const maxTested = 200

// test evaluates `[ ... ]`.
func (s *grubScript) test(words []string) truth {
	if len(words) > maxTested {
		return perhaps
	}
	for _, operator := range []string{"-o", "-a"} {
		if i := slices.Index(words, operator); i > 0 && i < len(words)-1 {
			left, right := s.test(words[:i]), s.test(words[i+1:])
			decided := truthOf(operator == "-o")
			switch {
			case left == decided || right == decided:
				return decided
			case left == perhaps || right == perhaps:
				return perhaps
			}
			return decided.negated()
		}
	}
	if len(words) > 0 && words[0] == "!" {
		return s.test(words[1:]).negated()
	}
	if len(words) == 2 && slices.Contains([]string{"-e", "-f", "-s", "-d"}, words[0]) {
		switch file := s.locate(words[1]); {
		case words[0] == "-d" || file.State == Unknown:
			return perhaps
		default:
			return truthOf(file.State == Found)
		}
	}
	values := make([]string, len(words))
	for i, w := range words {
		values[i] = s.expand(w)
		if strings.Contains(values[i], vagueValue) {
			return perhaps
		}
	}
	switch {
	case len(values) == 0:
		return no
	case len(values) == 1:
		return truthOf(values[0] != "")
	case len(values) == 2 && values[0] == "-z":
		return truthOf(values[1] == "")
	case len(values) == 2 && values[0] == "-n":
		return truthOf(values[1] != "")
	case len(values) == 3 && (values[1] == "=" || values[1] == "=="):
		return truthOf(values[0] == values[2])
	case len(values) == 3 && values[1] == "!=":
		return truthOf(values[0] != values[2])
	}
	return perhaps
}
