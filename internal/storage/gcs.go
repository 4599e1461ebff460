package storage

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"time"

	gcs "cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"
	"gocloud.dev/blob/gcsblob"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"
)

// openGCS returns the store in a bucket of Google Cloud Storage.
func openGCS(ctx context.Context, address url.URL) (Store, error) {
	prefix, err := prefixOf(address)
	if err != nil {
		return nil, err
	}
	if _, err := parametersOf(address); err != nil {
		return nil, err
	}
	client, err := gcsClient(ctx)
	if err != nil {
		return nil, err
	}
	blobs, err := gcsblob.OpenBucket(ctx, nil, address.Host, &gcsblob.Options{Client: client})
	if err != nil {
		return nil, err
	}
	return &bucket{
		blobs:  blobs,
		prefix: prefix,
		bound:  boundGCS,
		denied: deniedByGCS,
		signer: signGCS(client.Bucket(address.Host)),
	}, nil
}

// boundGCS bounds how long a part of an object is sent again and again, for the
// client does not count these tries.
func boundGCS(as func(any) bool) error {
	var w *gcs.Writer
	if as(&w) {
		w.ChunkRetryDeadline = maxTries * maxPause
	}
	return nil
}

// gcsClient finds the credentials where Google's own tools do.
func gcsClient(ctx context.Context) (*gcs.Client, error) {
	base := http.DefaultTransport.(*http.Transport).Clone()
	hurry(base)
	options := []option.ClientOption{option.WithScopes(gcs.ScopeReadWrite, "https://www.googleapis.com/auth/cloud-platform")}
	if os.Getenv("STORAGE_EMULATOR_HOST") != "" { //nolint:forbidigo // the client itself looks there, and then needs no credentials
		options = []option.ClientOption{option.WithoutAuthentication()}
	}
	transport, err := htransport.NewTransport(ctx, base, options...)
	if err != nil {
		return nil, err
	}
	client, err := gcs.NewClient(ctx, option.WithHTTPClient(&http.Client{Transport: transport}), gcs.WithJSONReads())
	if err != nil {
		return nil, err
	}
	client.SetRetry(
		gcs.WithMaxAttempts(maxTries),
		gcs.WithBackoff(gax.Backoff{Initial: maxPause / 10, Max: maxPause}),
		gcs.WithPolicy(gcs.RetryAlways), // to write, or delete, the same object again does no harm
		gcs.WithErrorFunc(func(err error) bool { return !silent(err) && gcs.ShouldRetry(err) }),
	)
	return client, nil
}

// deniedByGCS tells what may not be read from what is not there, which gocloud.dev does not.
func deniedByGCS(err error) bool {
	answer, ok := errors.AsType[*googleapi.Error](err)
	return ok && answer.Code == http.StatusForbidden
}

func signGCS(in *gcs.BucketHandle) signer {
	return func(_ context.Context, name string, o SignOptions) (string, error) {
		return in.SignedURL(name, &gcs.SignedURLOptions{
			Scheme:  gcs.SigningSchemeV4,
			Method:  http.MethodGet,
			Expires: time.Now().Add(o.Expiry),
			QueryParameters: url.Values{
				"response-content-type":        {o.ContentType},
				"response-content-disposition": {o.ContentDisposition},
			},
		})
	}
}
