package menu

import "path"

// maxIncluded is how deep configuration files may include others.
const maxIncluded = 8

// include runs another file. A new menu hides what was shown before.
func (s *grubScript) include(word string, newMenu bool) {
	file := s.locate(word)
	if s.entry != nil {
		s.doubt("it opens another menu, " + word)
		return
	}
	switch {
	case file.State == Found && s.depth < maxIncluded:
	case file.State == Missing && newMenu && s.unsure == 0:
		s.menu.Broken = append(s.menu.Broken, s.file+" leads to "+plainName(s.expandOwn(word))+", which is not there")
		return
	case file.State == Missing:
		return
	default:
		s.doubt("it goes on in " + word + ", which was not found")
		return
	}
	text, ok, err := s.finder.edit.Read(file.Path)
	if err != nil || !ok {
		s.doubt("it goes on in " + file.Path + ", which could not be read")
		return
	}
	if !s.spend(len(text)) {
		return
	}
	nodes, ok := parseGrubTree(text)
	if !ok {
		s.doubt("its script in " + file.Path + " could not be understood")
	}
	s.menu.read = append(s.menu.read, file.Path)
	outer := s.file
	s.file = file.Path
	s.depth++
	if newMenu {
		s.vars["config_directory"] = s.finder.grubName(path.Dir(file.Path))
		if s.unsure == 0 {
			s.tops = nil
		}
	}
	s.run(nodes)
	s.depth--
	s.file = outer
}
