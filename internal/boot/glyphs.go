package boot

import (
	"image"
	"maps"
	"slices"
	"strings"
)

// In graphics mode there is no text to read, but a picture of one, in a font that
// nobody knows. What guests say when they come up or fail is known, though: where
// the characters of a screen are equal and different as the letters of such a
// sentence are, the sentence stands there. The letters that it has are then known
// wherever else they are on the screen.

// sentencesOnScreens are what boots are told by. Those that say how one ended are
// those that Classify knows; the others have letters for these. Longer ones are
// looked for first. A "*" is anything.
var sentencesOnScreens = []string{
	"Press ESC in * seconds to skip startup.nsh or any other key to continue.",
	`You are in emergency mode. After logging in, type "journalctl -xb" to view`,
	"Cannot open access to console, the root account is locked.",
	"Gave up waiting for root file system device.  Common problems:",
	`Generating "/run/initramfs/rdsosreport.txt"`,
	"BdsDxe: No bootable option or device was found.",
	"You are now being dropped into an emergency shell.",
	"initramfs emergency recovery shell launched",
	"Failed to boot both default and fallback entries",
	"Enter 'help' for a list of built-in commands.",
	"Minimal BASH-like line editing is supported.",
	"---[ end Kernel panic - not syncing: ",
	"(or press Control-D to continue):",
	"Give root password for maintenance",
	"Welcome to emergency mode!",
	"reboot: System halted",
	"BdsDxe: starting Boot000",
	"BdsDxe: loading Boot000",
	"Press Enter for maintenance",
	"Kernel panic - not syncing: ",
	"Entering emergency mode.",
	"does not exist.  Dropping to a shell!",
	"UEFI Interactive Shell v2.2",
	"Multi-User System.",
	"Kernel * on an x86_64",
}

// prompts are what the last line of a screen can be, if most of it is known.
var prompts = []string{"(initramfs)", "grub>", "grub rescue>", "Shell>"}

// cells are the sizes of characters on screens, in pixels: of the kernel's fonts
// and of UEFI's.
var (
	cells    = []image.Point{{X: 8, Y: 16}, uefiCell, {X: 16, Y: 32}, {X: 9, Y: 16}, {X: 12, Y: 22}}
	uefiCell = image.Point{X: 8, Y: 19}
)

// blankGlyph is a cell of one colour.
const blankGlyph = 0

// readPicture returns the text in a picture as far as it is known by sentences,
// with "?" for what is not, or nothing. Characters of the wrong size or place make
// less sense than the right ones.
func readPicture(picture *image.RGBA) (best string, at grid) {
	most := 0
	for _, cell := range cells {
		for _, corner := range corners(picture.Bounds().Size(), cell) {
			text := readGlyphs(glyphsOf(picture, corner, cell))
			if letters := len(strings.Join(strings.FieldsFunc(text, isNoLetter), "")); letters > most {
				best, most, at = text, letters, grid{corner, cell}
			}
		}
	}
	return best, at
}

// uefiRows are how many lines UEFI's text modes have beside that which fills the
// screen (EDK II, GraphicsConsoleDxe).
var uefiRows = []int{25, 31, 40, 42, 50, 56}

// corners are where the first character of a screen can be: in its corner, or
// where a text that is in the middle has others above and to the left.
func corners(size, cell image.Point) []image.Point {
	found := []image.Point{{}}
	for _, rows := range append([]int{size.Y / cell.Y}, uefiRows...) {
		free := image.Point{X: size.X % cell.X, Y: size.Y - rows*cell.Y}
		corner := image.Point{X: free.X / 2, Y: free.Y / 2 % cell.Y}
		if free.Y >= 0 && !slices.Contains(found, corner) {
			found = append(found, corner)
		}
		if cell != uefiCell {
			break
		}
	}
	return found
}

// isNoLetter is for what is not known of a text, too.
func isNoLetter(c rune) bool { return c == '?' || c == ' ' || c == '\n' }

// glyphsOf numbers the characters of a picture: equal ones have equal numbers,
// whatever their colours.
func glyphsOf(picture *image.RGBA, corner, cell image.Point) [][]int {
	numbers := map[string]int{strings.Repeat("\x00", cell.X*cell.Y): blankGlyph}
	var lines [][]int
	shape := make([]byte, cell.X*cell.Y)
	for y := corner.Y; y+cell.Y <= picture.Bounds().Dy(); y += cell.Y {
		var line []int
		for x := corner.X; x+cell.X <= picture.Bounds().Dx(); x += cell.X {
			shapeOf(picture, x, y, cell, shape)
			number, known := numbers[string(shape)]
			if !known {
				number = len(numbers)
				numbers[string(shape)] = number
			}
			line = append(line, number)
		}
		lines = append(lines, line)
	}
	return lines
}

// shapeOf has 1 where a cell has another colour than at most of its corners.
func shapeOf(picture *image.RGBA, x, y int, cell image.Point, shape []byte) {
	at := func(dx, dy int) [3]byte {
		p := picture.Pix[picture.PixOffset(x+dx, y+dy):]
		return [3]byte{p[0], p[1], p[2]}
	}
	ground := at(0, 0)
	if other := at(cell.X-1, 0); other != ground && other == at(0, cell.Y-1) {
		ground = other
	}
	for dy := range cell.Y {
		for dx := range cell.X {
			shape[dy*cell.X+dx] = 0
			if at(dx, dy) != ground {
				shape[dy*cell.X+dx] = 1
			}
		}
	}
}

// alphabet is what is known of the letters on a screen.
type alphabet struct {
	glyphs  map[byte]int
	letters map[int]byte
}

// enoughEqual is in how many of its places a sentence must be told from others:
// by a letter that it has elsewhere too or that is known, or by a blank. Beside
// that, no two letters may be the same glyph.
const enoughEqual = 6

// readGlyphs returns the text of a screen, or nothing where no sentence is on it.
func readGlyphs(lines [][]int) string {
	known := alphabet{glyphs: map[byte]int{}, letters: map[int]byte{}}
	for found := true; found; {
		found = false
		for _, sentence := range sentencesOnScreens {
			found = known.learn(lines, sentence) || found
		}
	}
	known.learnPrompts(lines)
	if len(known.letters) == 0 {
		return ""
	}
	return known.text(lines)
}

// learn looks for the sentence and learns its letters. It says whether there was
// a letter that was not known.
func (a alphabet) learn(lines [][]int, sentence string) bool {
	for _, line := range lines {
		for start := range line {
			if len(line)-start < len(sentence) || line[start] == blankGlyph {
				continue
			}
			found, equal := a.fits(line[start:], strings.Split(sentence, "*"))
			if equal >= enoughEqual && len(found) > 0 {
				return a.add(found)
			}
		}
	}
	return false
}

// learnPrompts looks at the last line.
func (a alphabet) learnPrompts(lines [][]int) {
	for len(lines) > 0 && isBlank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 0 {
		return
	}
	last := lines[len(lines)-1]
	// UEFI's text can be in the middle.
	inner := last[slices.IndexFunc(last, func(glyph int) bool { return glyph != blankGlyph }):]
	for _, prompt := range prompts {
		const unknown = 2
		found, equal := a.fits(inner, []string{prompt})
		if found != nil && equal >= len(prompt)-unknown && endsBy(inner, len(prompt)) {
			a.add(found)
			return
		}
	}
	if n := len(lines); n > 1 && lines[n-2][len(lines[n-2])-1] != blankGlyph { // it goes on in the last
		inner = slices.Concat(lines[n-2], last)
	}
	if a.learnPassphrase(inner) {
		return
	}
	a.learnLogin(lines[:len(lines)-1], last)
}

// What asks for the passphrase of a disk begins so, perhaps behind other text, and
// may end so behind its colon.
var (
	passphraseOpenings = []string{"Please enter passphrase for disk ", "Please unlock disk ", "Enter passphrase for "}
	passphraseEnding   = "(press TAB for no echo)"
)

// learnPassphrase takes a line for such a question if one begins in it. Its last
// letter is the colon then, but for a cursor.
func (a alphabet) learnPassphrase(line []int) bool {
	for _, opening := range passphraseOpenings {
		for start := range line {
			found, equal := a.fits(line[start:], []string{opening})
			if found == nil || equal < enoughEqual {
				continue
			}
			with := alphabet{glyphs: maps.Clone(a.glyphs), letters: maps.Clone(a.letters)}
			with.add(found)
			if with.learnEnding(line) {
				maps.Copy(a.glyphs, with.glyphs)
				maps.Copy(a.letters, with.letters)
				return true
			}
		}
	}
	return false
}

// learnEnding learns what is at the end of a question, at least its colon.
func (a alphabet) learnEnding(line []int) bool {
	end := trimBlank(line)
	for at := range end {
		if found, equal := a.fits(end[at:], []string{passphraseEnding}); found != nil && equal >= enoughEqual && endsBy(end[at:], len(passphraseEnding)) {
			a.add(found)
			end = trimBlank(end[:at])
			break
		}
	}
	if n := len(end); n > 2 && end[n-2] == blankGlyph { // a cursor
		end = trimBlank(end[:n-1])
	}
	n := len(end)
	if n < 2 || end[n-1] == end[n-2] { // what is being typed is shown as stars
		return false
	}
	can, known := a.is(':', end[n-1])
	if can && !known {
		a.add(map[byte]int{':': end[n-1]})
	}
	return can
}

func trimBlank(line []int) []int {
	for len(line) > 0 && line[len(line)-1] == blankGlyph {
		line = line[:len(line)-1]
	}
	return line
}

// endsBy says that a line is blank from there on, but for a cursor.
func endsBy(line []int, length int) bool { return isBlank(line[min(len(line), length+2):]) }

// learnLogin takes the last line for a login prompt where that is one word and
// six letters behind it, and where either some of these are known, or a line above
// has the same word, the host's name, before "tty" and a digit: what getty prints.
func (a alphabet) learnLogin(above [][]int, last []int) {
	const prompt, terminal, enough = " login:", " tty", 3
	host := last[:max(0, slices.Index(last, blankGlyph))]
	found, equal := a.fits(last[len(host):], []string{prompt})
	if len(host) < 2 || found == nil || !endsBy(last, len(host)+len(prompt)) {
		return
	}
	if equal >= enough {
		a.add(found)
		return
	}
	for _, line := range above {
		end := len(line)
		for end > 0 && line[end-1] == blankGlyph {
			end--
		}
		end -= len(terminal) + 1 // and a digit
		if start := end - len(host); start > 0 && slices.Equal(line[start:end], host) && line[start-1] == blankGlyph {
			if names, equal := a.fits(line[end:], []string{terminal}); names != nil && equal >= 2 {
				a.add(found)
				return
			}
		}
	}
}

func isBlank(glyphs []int) bool {
	for _, glyph := range glyphs {
		if glyph != blankGlyph {
			return false
		}
	}
	return true
}

// fits returns the letters of the parts if the line can begin with the first and
// has the others behind it, and in how many places that was told by more than that
// letters are different.
func (a alphabet) fits(line []int, parts []string) (found map[byte]int, equal int) {
	found, equal = a.fitsPart(line, parts[0])
	if found == nil || len(parts) == 1 {
		return found, equal
	}
	with := alphabet{glyphs: maps.Clone(a.glyphs), letters: maps.Clone(a.letters)}
	with.add(found)
	for rest := len(parts[0]); rest < len(line); rest++ {
		if further, more := with.fits(line[rest:], parts[1:]); further != nil {
			maps.Copy(found, further)
			return found, equal + more
		}
	}
	return nil, 0
}

func (a alphabet) fitsPart(line []int, text string) (found map[byte]int, equal int) {
	if len(line) < len(text) {
		return nil, 0
	}
	for i := range len(text) { // most places fail by this, which is cheap
		if (text[i] == ' ') != (line[i] == blankGlyph) {
			return nil, 0
		}
	}
	found = map[byte]int{}
	with := alphabet{glyphs: found, letters: map[int]byte{}}
	for i := range len(text) {
		letter, glyph := text[i], line[i]
		if letter == ' ' {
			equal++
			continue
		}
		before, isKnown := a.is(letter, glyph)
		again, isFound := with.is(letter, glyph)
		switch {
		case !before || !again:
			return nil, 0
		case isKnown || isFound:
			equal++
		}
		if !isKnown {
			found[letter], with.letters[glyph] = glyph, letter
		}
	}
	return found, equal
}

// is says whether the letter can be the glyph, and whether that is known.
func (a alphabet) is(letter byte, glyph int) (can, known bool) {
	itsGlyph, hasGlyph := a.glyphs[letter]
	itsLetter, hasLetter := a.letters[glyph]
	if hasGlyph || hasLetter {
		can = hasGlyph && hasLetter && itsGlyph == glyph && itsLetter == letter
		return can, can
	}
	return true, false
}

func (a alphabet) add(found map[byte]int) bool {
	for letter, glyph := range found {
		a.glyphs[letter], a.letters[glyph] = glyph, letter
	}
	return len(found) > 0
}

func (a alphabet) text(lines [][]int) string {
	var text []string
	for _, line := range lines {
		var decoded strings.Builder
		for _, glyph := range line {
			letter, known := a.letters[glyph]
			switch {
			case glyph == blankGlyph:
				letter = ' '
			case !known:
				letter = '?'
			}
			decoded.WriteByte(letter)
		}
		text = append(text, strings.TrimRight(decoded.String(), " "))
	}
	return strings.TrimRight(strings.Join(text, "\n"), "\n")
}
