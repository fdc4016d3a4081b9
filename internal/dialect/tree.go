package dialect

// tree is where arguments that are elements in elements have got to.
type tree struct {
	open []element
}

// element is a value between two tags.
type element struct {
	tag      string
	schema   schema
	typed    valueType
	list     bool
	children int
}

// readTree reads elements up to the end of the call.
func (p *Parser) readTree() progress {
	if !p.seq.begun {
		p.seq.begun = true
		root := p.tools[p.call.Name]
		p.tree.open = append(p.tree.open[:0], element{tag: "invoke", schema: schema{root, root}, typed: objectType})
		p.text = p.text[:0]
	}
	for {
		r := p.treeText()
		if r == done {
			r = p.treeTag()
		}
		if r != done || p.call == nil {
			return r
		}
	}
}

// treeText reads text up to a tag that means something here.
func (p *Parser) treeText() progress {
	top := &p.tree.open[len(p.tree.open)-1]
	w := p.window()
	for i := 0; i < len(w); i++ {
		if w[i] != treeSign[0] {
			continue
		}
		sign := treeSign + "<"
		if top.typed == stringType {
			sign += "/" + top.tag + ">"
		}
		switch _, m := matchMarker(w[i:], sign); m {
		case matchYes:
			p.treePass(top, i)
			return done
		case matchMaybe:
			p.treePass(top, i)
			return waiting
		}
	}
	p.treePass(top, len(w))
	return waiting
}

func (p *Parser) treePass(top *element, n int) {
	if top.typed == stringType {
		p.args = appendEscaped(p.args, p.window()[:n])
	} else {
		p.text = append(p.text, p.window()[:n]...)
	}
	p.take(n)
}

// treeTag reads a tag.
func (p *Parser) treeTag() progress {
	w := p.window()[len(treeSign)+1:]
	for i, c := range w {
		if i > maxName {
			return broken
		}
		if c != '>' {
			continue
		}
		tag := string(w[:i])
		p.take(len(treeSign) + 1 + i + 1)
		if tag != "" && tag[0] == '/' {
			return p.closeElement(tag[1:])
		}
		return p.openElement(tag)
	}
	if len(w) > maxName {
		return broken
	}
	return waiting
}

func (p *Parser) openElement(tag string) progress {
	top := &p.tree.open[len(p.tree.open)-1]
	if tag == "" || len(p.tree.open) > maxDepth || !blank(p.text) {
		return broken
	}
	p.text = p.text[:0]
	if top.children == 0 && tag == "item" && top.typed != objectType {
		top.list = true
	}
	child := element{tag: tag}
	switch first := top.children == 0; {
	case !top.list:
		child.schema = top.schema.property(tag)
		p.appendKey(tag, first)
	case first:
		child.schema = top.schema.items()
		p.args = append(p.args, '[')
	default:
		child.schema = top.schema.items()
		p.args = append(p.args, ',')
	}
	top.children++
	if child.typed = child.schema.kind(); child.typed == stringType {
		p.args = append(p.args, '"')
	}
	p.tree.open = append(p.tree.open, child)
	return done
}

func (p *Parser) closeElement(tag string) progress {
	last := len(p.tree.open) - 1
	top := p.tree.open[last]
	if tag != top.tag || (top.children > 0 || last == 0) && !blank(p.text) {
		return broken
	}
	switch {
	case top.children > 0 && top.list:
		p.args = append(p.args, ']')
	case top.children > 0:
		p.args = append(p.args, '}')
	case top.typed == stringType:
		p.args = append(p.args, '"')
	case top.typed == objectType && blank(p.text):
		p.args = append(p.args, "{}"...)
	case top.typed == listType && blank(p.text):
		p.args = append(p.args, "[]"...)
	default:
		p.appendTyped(top.typed)
	}
	p.text = p.text[:0]
	p.tree.open = p.tree.open[:last]
	if last == 0 {
		p.argsDone = true
		p.finish()
	}
	return done
}

func blank(b []byte) bool {
	for _, c := range b {
		if !isSpace(c) {
			return false
		}
	}
	return true
}
