package storage_test

import (
	"context"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/datasetgen/datagen/internal/storage"
	"github.com/datasetgen/datagen/internal/storage/storagetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(*testing.T) storage.Store { return storage.NewMemory() })
}

func TestS3(t *testing.T) {
	address := storagetest.S3(t)
	t.Cleanup(func() { wantNoParts(t, address) })
	storagetest.Run(t, places(address))
}

// wantNoParts looks for what failed Puts have left behind that nobody sees and yet pays for.
func wantNoParts(t *testing.T, address url.URL) {
	t.Helper()
	config := must(awsconfig.LoadDefaultConfig(context.Background(), awsconfig.WithRegion("us-east-1")))(t)
	client := s3.NewFromConfig(config, func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle = new(address.Query().Get("endpoint")), true
	})
	left := must(client.ListMultipartUploads(context.Background(), &s3.ListMultipartUploadsInput{Bucket: &address.Host}))(t)
	if n := len(left.Uploads); n > 0 {
		t.Errorf("%d uploads in parts were left behind", n)
	}
}

func TestGCS(t *testing.T) {
	address, _ := storagetest.GCS(t)
	storagetest.Run(t, places(address))
}

// TestOpenBucket asks no server: whether a bucket is there shows when it is used.
func TestOpenBucket(t *testing.T) {
	nothing := filepath.Join(t.TempDir(), "nothing")
	for name, value := range map[string]string{
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_CONFIG_FILE": nothing, "AWS_SHARED_CREDENTIALS_FILE": nothing, "STORAGE_EMULATOR_HOST": "127.0.0.1:1",
	} {
		t.Setenv(name, value)
	}
	for address, want := range map[string]string{ // words of the error, if there is one
		"s3://bucket?region=eu-central-1":                   "",
		"s3://bucket/some/where/?region=eu-central-1":       "",
		"s3://bucket?endpoint=http://minio:9000":            "",
		"s3://bucket?endpoint=https://x.com&path_style=off": `want path_style=true or false, got "off"`,
		"s3://bucket?endpoint=https://x.com&path_style=0":   "",
		"s3://bucket?endpoint=minio:9000":                   `want endpoint=https://HOST or http://HOST, got "minio:9000"`,
		"s3://bucket":                                       "the region is missing: want ?region=… or AWS_REGION",
		"s3://bucket?region=x&sse=AES256":                   `the parameter "sse" is none of ["region" "endpoint" "path_style"]`,
		"s3://bucket?region=a&region=b":                     `the parameter "region" is there twice`,
		"s3://bucket?region=%zz":                            "invalid URL escape",
		"s3://id:secret@bucket?region=x":                    `"s3://id:xxxxx@bucket?region=x": want s3://BUCKET or s3://BUCKET/PREFIX, and no credentials`,
		"s3://bucket:9000?region=x":                         "want s3://BUCKET or s3://BUCKET/PREFIX",
		"s3:bucket":                                         "want s3://BUCKET or s3://BUCKET/PREFIX",
		"s3://bucket/a/../b?region=x":                       "no . or .. in the prefix",
		"s3://bucket/a//b?region=x":                         "no empty word",
		"gs://bucket":                                       "",
		"gs://bucket/some/where":                            "",
		"gs:///some/where":                                  "want gs://BUCKET or gs://BUCKET/PREFIX",
		"gs://bucket?access_id=x":                           `the parameter "access_id" is none of []`,
	} {
		store, err := storage.Open(t.Context(), parse(t, address))
		if err == nil {
			store.Close()
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error = %v, want %q", address, err, want)
		}
	}
}

// TestNoCredentials: Google's are looked for when the store is opened, and there the server tells what is missing.
func TestNoCredentials(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "nothing"))
	if _, err := storage.Open(t.Context(), parse(t, "gs://bucket")); err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("error = %v, want one of credentials", err)
	}
}

// places returns stores in places of their own below an address.
func places(address url.URL) func(t *testing.T) storage.Store {
	var n atomic.Int64
	return func(t *testing.T) storage.Store {
		t.Helper()
		return openAt(t, *address.JoinPath(strconv.FormatInt(n.Add(1), 10)))
	}
}

func openAt(t *testing.T, address url.URL) storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}
