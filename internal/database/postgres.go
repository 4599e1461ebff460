package database

import (
	stdsql "database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"github.com/datasetgen/datagen/internal/config"
)

// postgresDefaults are run-time parameters that a URL may override. Times are UTC, so that
// they read the same on both databases; nothing waits for a lock, or holds one, without end.
var postgresDefaults = map[string]string{
	"sslmode":                             "prefer", // said here because lib/pq means to change its own default
	"binary_parameters":                   "yes",    // which asks a query in one round trip
	"timezone":                            "UTC",
	"connect_timeout":                     "5",
	"statement_timeout":                   "60000",
	"lock_timeout":                        "10000",
	"idle_in_transaction_session_timeout": "60000",
	"application_name":                    "datagen",
}

// maxConnections of one process: enough for a burst of requests, few enough
// that several processes share a server with its usual limit of 100.
const maxConnections = 20

func openPostgres(at config.DatabaseURL) (*DB, driver, error) {
	dsn, err := postgresDSN(at)
	if err != nil {
		return nil, nil, err
	}
	connector, err := pq.NewConnector(dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	pool := stdsql.OpenDB(texts{connector})
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db := &DB{dialect: dialect.Postgres, writer: pool, reader: pool, pools: []*stdsql.DB{pool}}
	return db, entsql.OpenDB(dialect.Postgres, pool), nil
}

func postgresDSN(at config.DatabaseURL) (string, error) {
	u, err := url.Parse(string(at))
	if err != nil {
		return "", errors.New("DATABASE_URL is not a URL")
	}
	q := u.Query()
	for name, value := range postgresDefaults {
		if !q.Has(name) {
			q.Set(name, value)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}
