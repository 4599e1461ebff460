package database

import (
	stdsql "database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"github.com/datasetgen/datagen/internal/config"
)

// postgresDefaults are run-time parameters that a URL may override. Times are UTC, so that
// they read the same on both databases.
var postgresDefaults = map[string]string{
	"sslmode":           "prefer", // said here because lib/pq means to change its own default
	"binary_parameters": "yes",    // which asks a query in one round trip
	"timezone":          "UTC",
	"connect_timeout":   "5",
	"application_name":  "datagen",
}

// postgresLimits are more of them, so that nothing waits for a lock, or holds one, without end. PgBouncer takes none of these.
var postgresLimits = map[string]string{
	"statement_timeout":                   "60000",
	"lock_timeout":                        "10000",
	"idle_in_transaction_session_timeout": "60000",
}

// maxConnections of one process: enough for a burst of requests, few enough
// that several processes share a server with its usual limit of 100.
const maxConnections = 20

func openPostgres(at config.DatabaseURL) (*DB, driver, error) {
	limited, err := postgresConnector(at, true)
	if err != nil {
		return nil, nil, err
	}
	plain, err := postgresConnector(at, false)
	if err != nil {
		return nil, nil, err
	}
	pool := stdsql.OpenDB(&connector{limited: limited, plain: plain})
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db := &DB{dialect: dialect.Postgres, writer: pool, reader: pool, pools: []*stdsql.DB{pool}}
	return db, entsql.OpenDB(dialect.Postgres, pool), nil
}

func postgresConnector(at config.DatabaseURL, limits bool) (*pq.Connector, error) {
	dsn, err := postgresDSN(at, limits)
	if err != nil {
		return nil, err
	}
	c, err := pq.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	return c, nil
}

func postgresDSN(at config.DatabaseURL, limits bool) (string, error) {
	u, err := url.Parse(string(at))
	if err != nil {
		return "", errors.New("DATABASE_URL is not a URL")
	}
	q := u.Query()
	parameters := maps.Clone(postgresDefaults)
	if limits {
		maps.Copy(parameters, postgresLimits)
	}
	for name, value := range parameters {
		if !q.Has(name) {
			q.Set(name, value)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}
