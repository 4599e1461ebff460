package database

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/lib/pq"
)

// connector connects to PostgreSQL, or to PgBouncer in between, even one that hands its connections from one transaction to the
// next: no session has a state of its own.
type connector struct {
	limited sqldriver.Connector
	plain   sqldriver.Connector // for a PgBouncer that refuses the limits; the database can be told them instead, by ALTER DATABASE
	refused atomic.Bool
}

// Driver satisfies driver.Connector.
func (c *connector) Driver() sqldriver.Driver { return c.plain.Driver() }

// Connect satisfies driver.Connector.
func (c *connector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	if !c.refused.Load() {
		conn, err := c.limited.Connect(ctx)
		if !isRefused(err) {
			return asTexts(conn, err)
		}
		c.refused.Store(true)
	}
	return asTexts(c.plain.Connect(ctx))
}

// isRefused tells the words of PgBouncer for parameters that it does not know.
func isRefused(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	return ok && e.Code == "08P01" && strings.Contains(e.Message, "unsupported startup parameter")
}

// asTexts is a connection whose parameters of bytes go as texts. With binary_parameters, lib/pq asks each query in one round trip
// instead of two, but takes bytes for the binary form of a value, which for jsonb they are not. No column of ours holds bytes.
func asTexts(conn sqldriver.Conn, err error) (sqldriver.Conn, error) {
	if err != nil {
		return nil, err
	}
	full, ok := conn.(postgresConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a connection of %T lacks what a driver should have", conn), conn.Close())
	}
	return textConn{full}, nil
}

// postgresConn is all that database/sql looks for in a connection.
type postgresConn interface {
	sqldriver.Conn
	sqldriver.ConnBeginTx
	sqldriver.ConnPrepareContext
	sqldriver.ExecerContext
	sqldriver.NamedValueChecker
	sqldriver.Pinger
	sqldriver.QueryerContext
	sqldriver.SessionResetter
	sqldriver.Validator
}

type textConn struct{ postgresConn }

// CheckNamedValue satisfies driver.NamedValueChecker.
func (c textConn) CheckNamedValue(nv *sqldriver.NamedValue) error {
	err := c.postgresConn.CheckNamedValue(nv)
	if errors.Is(err, sqldriver.ErrSkip) {
		nv.Value, err = sqldriver.DefaultParameterConverter.ConvertValue(nv.Value)
	}
	if b, ok := nv.Value.([]byte); ok && b != nil {
		nv.Value = string(b)
	}
	return err
}
