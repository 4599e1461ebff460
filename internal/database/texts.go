package database

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
)

// texts connects to PostgreSQL so that parameters of bytes go as texts. With binary_parameters, lib/pq asks each query in
// one round trip instead of two, but takes bytes for the binary form of a value, which for jsonb they are not.
// No column of ours holds bytes.
type texts struct{ sqldriver.Connector }

// Connect satisfies driver.Connector.
func (c texts) Connect(ctx context.Context) (sqldriver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
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
