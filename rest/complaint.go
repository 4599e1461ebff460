package rest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/rawjson"
)

// complaints are what is wrong with a body, by field, in the form's order.
type complaints []complained

type complained struct {
	field    string
	messages []string
}

// wholeForm is the field of complaints about a body as a whole.
const wholeForm = "non_field_errors"

func (c complaints) add(field, message string) complaints {
	for i := range c {
		if c[i].field == field {
			c[i].messages = append(c[i].messages, message)
			return c
		}
	}
	return append(c, complained{field, []string{message}})
}

// body is an object of lists of messages.
func (c complaints) body() map[string]any {
	body := make(map[string]any, len(c))
	for _, one := range c {
		body[one.field] = one.messages
	}
	return body
}

// line is all complaints in one text, each once.
func (c complaints) line() string {
	var lines []string
	for _, one := range c {
		for _, message := range one.messages {
			if one.field != wholeForm {
				message = one.field + ": " + message
			}
			if !slices.Contains(lines, message) {
				lines = append(lines, message)
			}
		}
	}
	return strings.Join(lines, "; ")
}

// variables makes a body the variables of an operation.
func (c *compiledForm) variables(s sent, params map[string]string) (map[string]any, complaints, error) {
	if c.list != "" {
		return c.listed(s, params)
	}
	if s.other != "" {
		return nil, complaints{}.add(wholeForm, noDictionary(s.other)), nil
	}
	values, wrong, err := c.values(s.members, params)
	if err != nil || wrong != nil || !c.input {
		return values, wrong, err
	}
	return map[string]any{"input": values}, nil, nil
}

// values reads the fields of one form.
func (c *compiledForm) values(members map[string]raw, params map[string]string) (values map[string]any, wrong complaints, err error) {
	values = map[string]any{}
	for _, f := range c.fields {
		v, sent := members[f.wire]
		if !sent || f.leftBlank(v) {
			if f.required {
				wrong = wrong.add(f.wire, f.missing().Error())
			}
			continue
		}
		value, err := f.read(v, params)
		if says, ok := errors.AsType[complaint](err); ok {
			wrong = wrong.add(f.wire, says.Error())
			continue
		}
		if errors.Is(err, errAbsent) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		values[f.target(v)] = value
	}
	for name, param := range c.given {
		values[name] = variable(param, params[param])
	}
	return values, wrong, nil
}

// leftBlank tells an input of a form that was left empty and need not be filled in.
func (f compiledField) leftBlank(v raw) bool {
	s, ok := v.text()
	return ok && s == "" && !f.mandatory && !f.blank && f.kind != key
}

// missing is the complaint about a field that was not sent.
func (f compiledField) missing() complaint {
	if f.kind == picture || f.kind == upload || f.kind == kept {
		return noFile
	}
	return isRequired
}

// target is the field of the input that a value goes to.
func (f compiledField) target(v raw) string {
	switch {
	case f.kind != picture && f.kind != upload:
		return f.name
	case v.file != nil:
		return "file"
	}
	return "data"
}

// listed reads a list of forms.
func (c *compiledForm) listed(s sent, params map[string]string) (map[string]any, complaints, error) {
	if s.other != "list" {
		return nil, complaints{}.add(wholeForm, "Data should be a list of "+c.list+"."), nil
	}
	list := make([]any, len(s.items))
	var all complaints
	for i, item := range s.items {
		if len(all) > maxShown {
			break
		}
		members, err := c.membersOf(item)
		if err != nil {
			all = append(all, complained{fault.Path(c.list, i), []string{err.Error()}})
			continue
		}
		values, wrong, err := c.values(members, params)
		if err != nil {
			return nil, nil, err
		}
		for _, of := range wrong {
			for _, message := range of.messages {
				all = append(all, c.ofItem(i, of.field, message, members[of.field]))
			}
		}
		list[i] = values
	}
	return map[string]any{c.list: list}, all.shown(), nil
}

// ofItem is a complaint about a field of an item. That there is no row of a key is all that is said of it.
func (c *compiledForm) ofItem(i int, field, message string, v raw) complained {
	if message == noRow(keyOf(v)).Error() {
		return complained{wholeForm, []string{fmt.Sprintf("Invalid %s ID %s", field, keyOf(v))}}
	}
	return complained{fault.Path(c.list, i, field), []string{message}}
}

// maxShown is how many complaints about the items of a list a client is told.
const maxShown = 100

// shown are those of the complaints that a client is told.
func (c complaints) shown() complaints {
	if len(c) <= maxShown {
		return c
	}
	return append(c[:maxShown:maxShown], complained{wholeForm, []string{"and more"}})
}

// wire makes complaints of the domain about an input those of the fields that old clients know; outside tells that
// one is not about the body at all.
func (c *compiledForm) wire(fields []fault.Field, s sent) (wrong complaints, outside bool) {
	for _, about := range fields {
		p, ok := c.locate(about.Path, s)
		if ok && p.name == "" {
			wrong = wrong.add(wholeForm, about.Message)
			continue
		}
		f, known := c.byName(p.name)
		if !ok || !known {
			return nil, true
		}
		message := f.says(about.Message, p.below, p.members[f.wire])
		if p.item < 0 {
			wrong = wrong.add(f.wire, message)
			continue
		}
		wrong = append(wrong, c.ofItem(p.item, f.wire, message, p.members[f.wire]))
	}
	return wrong, false
}

// place is the part of a form that a complaint of the domain is about.
type place struct {
	item    int            // of a list; -1 when the form is no list
	members map[string]raw // that were sent there
	name    string         // of the input's field; empty for the input as a whole
	below   []any          // the path from the field on
}

// locate finds where in a body a path among an operation's arguments leads; ok is false when that is nowhere.
func (c *compiledForm) locate(path []any, s sent) (p place, ok bool) {
	p = place{item: -1, members: s.members}
	argument := ""
	switch {
	case c.list != "":
		argument = c.list
	case c.input:
		argument = "input"
	}
	if argument != "" && len(path) > 0 {
		if path[0] != argument {
			return p, false
		}
		path = path[1:]
	}
	if c.list != "" && len(path) > 0 {
		p.item, _ = path[0].(int)
		p.members, _ = c.membersOf(s.items[p.item])
		path = path[1:]
	}
	if len(path) > 0 {
		p.name, _ = path[0].(string)
		p.below = path[1:]
	}
	return p, true
}

// says is a complaint of the domain in the old wording, if there is one.
func (f compiledField) says(message string, below []any, v raw) string {
	if f.kind == key {
		return noRow(keyOf(v)).Error()
	}
	if f.kind == keys {
		if i, ok := indexOf(below); ok {
			return noRow(keyAt(v, i)).Error()
		}
	}
	if len(below) > 0 {
		return fault.Path(below...) + ": " + message
	}
	return message
}

func indexOf(path []any) (int, bool) {
	if len(path) != 1 {
		return 0, false
	}
	i, ok := path[0].(int)
	return i, ok
}

// keyOf is a key as it was sent.
func keyOf(v raw) string {
	s, _ := scalar(v.key())
	return strings.TrimSpace(s)
}

func keyAt(v raw, i int) string {
	if v.json == nil {
		return v.texts[i]
	}
	for item := range rawjson.Elements(v.json) {
		if i == 0 {
			return keyOf(raw{json: item})
		}
		i--
	}
	return ""
}
