package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/datasetgen/datagen/internal/fault"
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

// line is all complaints in one text.
func (c complaints) line() string {
	var lines []string
	for _, one := range c {
		for _, message := range one.messages {
			if one.field == "" || one.field == wholeForm {
				lines = append(lines, message)
				continue
			}
			lines = append(lines, one.field+": "+message)
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
		return nil, complaints{}.add(wholeForm, noDictionary(s.other).Error()), nil
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
		if !sent {
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
	if !s.isList() {
		return nil, complaints{}.add("", "Data should be a list of "+c.list+"."), nil
	}
	list := make([]any, len(s.items))
	var wrong complaints
	for i, item := range s.items {
		one, err := readItem(item)
		if err != nil {
			wrong = wrong.add(fault.Path(c.list, i), err.Error())
			continue
		}
		values, complained, err := c.values(one, params)
		if err != nil {
			return nil, nil, err
		}
		for _, of := range complained {
			for _, message := range of.messages {
				wrong = append(wrong, ofItem(c.list, i, of.field, message, one[of.field]))
			}
		}
		list[i] = values
	}
	if len(wrong) > maxShown {
		wrong = append(wrong[:maxShown:maxShown], complained{"", []string{fmt.Sprintf("and %d more", len(wrong)-maxShown)}})
	}
	return map[string]any{c.list: list}, wrong, nil
}

// maxShown is how many complaints about the items of a list a client is told.
const maxShown = 100

// ofItem is a complaint about a field of an item. That there is no row of a key is all that is said of it.
func ofItem(list string, i int, field, message string, v raw) complained {
	if message == noRow(keyOf(v)).Error() {
		return complained{"", []string{fmt.Sprintf("Invalid %s ID %s", field, keyOf(v))}}
	}
	return complained{fault.Path(list, i, field), []string{message}}
}

func noDictionary(but string) complaint {
	return complaint("Invalid data. Expected a dictionary, but got " + but + ".")
}

func readItem(item []byte) (map[string]raw, error) {
	s, err := membersOf(item)
	if err != nil {
		return nil, noDictionary(pythonType(item))
	}
	return s, nil
}

// wire makes complaints of the domain about an input those of the fields that old clients know. A complaint
// about anything but the body comes back in outside.
func (c *compiledForm) wire(fields []fault.Field, s sent) (wrong complaints, outside bool) {
	for _, f := range fields {
		path := f.Path
		item, members := -1, s.members
		if c.list != "" && len(path) > 1 && path[0] == c.list {
			item, _ = path[1].(int)
			members, _ = membersOf(s.items[item])
			path = path[1:]
		}
		if c.input || c.list != "" {
			if len(path) < 2 {
				if len(path) == 1 && path[0] != "input" && path[0] != c.list {
					return nil, true
				}
				wrong = wrong.add(wholeForm, f.Message)
				continue
			}
			path = path[1:]
		}
		name, _ := path[0].(string)
		field, ok := c.byName(name)
		if !ok {
			return nil, true
		}
		message := field.says(f.Message, path[1:], members[field.wire])
		if item >= 0 {
			wrong = append(wrong, ofItem(c.list, item, field.wire, message, members[field.wire]))
			continue
		}
		wrong = wrong.add(field.wire, message)
	}
	return wrong, false
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
	s, _ := scalar(v)
	return strings.TrimSpace(s)
}

func keyAt(v raw, i int) string {
	if v.json == nil {
		return v.texts[i]
	}
	var list []json.RawMessage
	if json.Unmarshal(v.json, &list) != nil || i >= len(list) {
		return ""
	}
	return keyOf(raw{json: list[i]})
}
