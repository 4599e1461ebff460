package rest

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/datasetgen/datagen/internal/rawjson"
)

// pageSize is how many rows a page has, at most and when a client does not say.
const pageSize = 40

// paging is which page of a list is asked for.
type paging struct {
	size int
	page int // from 1; 0 is the last one
}

// errPage says that there is no such page.
var errPage = refusal{http.StatusNotFound, detail("Invalid page.")}

func readPaging(query url.Values) (paging, error) {
	p := paging{size: pageSize, page: 1}
	if n, err := strconv.Atoi(strings.TrimSpace(query.Get("page_size"))); err == nil && n >= 1 && n <= pageSize {
		p.size = n
	}
	switch page := strings.TrimSpace(query.Get("page")); page {
	case "":
	case "last":
		p.page = 0
	default:
		n, err := strconv.Atoi(page)
		if err != nil || n < 1 || n > 1<<31/pageSize {
			return p, errPage
		}
		p.page = n
	}
	return p, nil
}

// last is the number of the last page of so many rows.
func (p paging) last(count int) int { return max((count+p.size-1)/p.size, 1) }

func (p paging) offset() int { return (max(p.page, 1) - 1) * p.size }

// page answers with a page of a list.
func (c *call) page() ([]byte, error) {
	query := c.r.URL.Query()
	asked, err := readPaging(query)
	if err != nil {
		return nil, err
	}
	variables, keys, wrong := c.route.list.variables(query)
	foreign, err := c.choose(keys)
	if err != nil {
		return nil, err
	}
	if wrong = append(wrong, foreign...); wrong != nil {
		return nil, c.route.says.about(wrong)
	}
	for name, key := range c.params {
		if key == "" {
			return emptyPage(asked)
		}
		variables[name] = variable(name, key)
	}
	return c.readPage(variables, asked)
}

// choose complains about filters by rows that are not there for who asks.
func (c *call) choose(keys map[string]any) (wrong complaints, err error) {
	for param, id := range keys {
		response := c.run("FindNodes", map[string]any{"ids": []any{id}})
		if len(response.Errors) > 0 {
			return nil, c.route.says.failure(response, nil, sent{})
		}
		if bytes.HasPrefix(member(response.Data, "found"), []byte("[null")) {
			wrong = wrong.add(param, noChoice.Error())
		}
	}
	return wrong, nil
}

func (c *call) readPage(variables map[string]any, asked paging) ([]byte, error) {
	variables["first"], variables["offset"] = asked.size, asked.offset()
	response := c.run(c.route.operation, variables)
	if len(response.Errors) > 0 {
		return nil, c.route.says.failure(response, nil, sent{})
	}
	connection := find(response.Data, c.route.answer.path)
	if absent(connection) {
		return emptyPage(asked)
	}
	text, _ := rawjson.Cut(member(connection, "count"))
	count, err := strconv.Atoi(string(text))
	if err != nil {
		return nil, err
	}
	if asked.page == 0 {
		asked.page = asked.last(count)
		if asked.page > 1 {
			return c.readPage(variables, asked)
		}
	}
	if asked.page > asked.last(count) {
		return nil, errPage
	}
	return asked.write(count, func(out []byte) []byte {
		out, _ = c.route.shape.at([]string{"results"}).write(out, member(connection, "results"))
		return out
	}, len(connection)), nil
}

func emptyPage(asked paging) ([]byte, error) {
	if asked.page > 1 {
		return nil, errPage
	}
	asked.page = 1
	return asked.write(0, func(out []byte) []byte { return append(out, "[]"...) }, 0), nil
}

// write writes a page, whose rows take about so many bytes.
func (p paging) write(count int, rows func([]byte) []byte, size int) []byte {
	out := make([]byte, 0, size+200)
	out = append(out, `{"next":`...)
	out = number(out, p.page+1, p.page < p.last(count))
	out = append(out, `,"previous":`...)
	out = number(out, p.page-1, p.page > 1)
	out = append(out, `,"count":`...)
	out = strconv.AppendInt(out, int64(count), 10)
	out = append(out, `,"page_size":`...)
	out = strconv.AppendInt(out, int64(p.size), 10)
	out = append(out, `,"results":`...)
	return append(rows(out), '}')
}

func number(out []byte, n int, there bool) []byte {
	if !there {
		return append(out, "null"...)
	}
	return strconv.AppendInt(out, int64(n), 10)
}
