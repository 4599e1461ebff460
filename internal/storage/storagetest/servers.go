package storagetest

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/datasetgen/datagen/internal/servertest"
)

// bucket is the name of the bucket on each server.
const bucket = "pictures"

// S3 starts an S3 server of the test's own and returns the address of a store
// in an empty bucket there. DATAGEN_TEST_VERSITYGW is the path of versitygw. The
// credentials are in the environment, so that the test itself, unlike those
// below it, can't be parallel.
func S3(t *testing.T) url.URL {
	t.Helper()
	program := servertest.Setting(t, "DATAGEN_TEST_VERSITYGW")
	const id, secret = "datagen", "a secret for tests"
	t.Setenv("AWS_ACCESS_KEY_ID", id)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	data, metadata := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(data, bucket), 0o700); err != nil {
		t.Fatal(err)
	}
	host := "127.0.0.1:" + servertest.FreePort(t)
	servertest.Start(t, host, program, "--quiet", "--port", host, "--access", id, "--secret", secret, "posix", "--sidecar", metadata, data)
	return AtS3(host)
}

// AtS3 returns the address of the same bucket through another host and port.
func AtS3(host string) url.URL {
	query := url.Values{"region": {"us-east-1"}, "endpoint": {"http://" + host}}
	return url.URL{Scheme: "s3", Host: bucket, Path: "/some/where", RawQuery: query.Encode()}
}

// GCS starts a server of Google Cloud Storage's protocol of the test's own and
// returns the address of a store in an empty bucket there, and the HOST:PORT of
// the server. DATAGEN_TEST_FAKE_GCS is the path of fake-gcs-server. It is in the environment where the server is,
// so that the test itself, unlike those below it, can't be parallel.
func GCS(t *testing.T) (address url.URL, host string) {
	t.Helper()
	program := servertest.Setting(t, "DATAGEN_TEST_FAKE_GCS")
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, bucket), 0o700); err != nil {
		t.Fatal(err)
	}
	port := servertest.FreePort(t)
	host = "127.0.0.1:" + port
	servertest.Start(t, host, program, "-scheme", "http", "-host", "127.0.0.1", "-port", port,
		"-public-host", host, "-backend", "memory", "-data", data, "-log-level", "error")
	return AtGCS(t, host), host
}

// AtGCS returns the address of the same bucket through another host and port.
// Stores that are open already keep theirs.
func AtGCS(t *testing.T, host string) url.URL {
	t.Helper()
	t.Setenv("STORAGE_EMULATOR_HOST", host)
	return url.URL{Scheme: "gs", Host: bucket, Path: "/some/where"}
}
