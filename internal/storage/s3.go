package storage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// openS3 returns the store in a bucket of S3, or of what speaks its protocol.
func openS3(ctx context.Context, address url.URL) (Store, error) {
	prefix, err := prefixOf(address)
	if err != nil {
		return nil, err
	}
	parameters, err := parametersOf(address, "region", "endpoint", "path_style")
	if err != nil {
		return nil, err
	}
	setEndpoint, err := endpointOf(parameters["endpoint"], parameters["path_style"])
	if err != nil {
		return nil, err
	}
	config, err := awsConfig(ctx, parameters["region"], parameters["endpoint"] != "")
	if err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(config, setEndpoint)
	blobs, err := s3blob.OpenBucket(ctx, client, address.Host, &s3blob.Options{
		RequestChecksumCalculation: config.RequestChecksumCalculation, // its writers look nowhere else
	})
	if err != nil {
		return nil, err
	}
	b := &bucket{blobs: blobs, prefix: prefix, aborts: true}
	b.signer = b.signS3
	return b, nil
}

// endpointOf returns what makes a client talk to an endpoint. The names of
// buckets go into the path there, unless pathStyle is false: a server of one's
// own seldom has a host name for each.
func endpointOf(endpoint, pathStyle string) (func(*s3.Options), error) {
	u, err := url.Parse(endpoint)
	if err != nil || endpoint != "" && (u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("want endpoint=https://HOST or http://HOST, got %q", endpoint)
	}
	inPath := endpoint != ""
	if pathStyle != "" {
		if inPath, err = strconv.ParseBool(pathStyle); err != nil {
			return nil, fmt.Errorf("want path_style=true or false, got %q", pathStyle)
		}
	}
	return func(o *s3.Options) {
		o.UsePathStyle = inPath
		o.DisableLogOutputChecksumValidationSkipped = true // it says so of each part of an object that is read
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
	}, nil
}

// awsConfig finds the region and the credentials where AWS's own tools do.
func awsConfig(ctx context.Context, region string, ownEndpoint bool) (aws.Config, error) {
	config, err := awsconfig.LoadDefaultConfig(ctx,
		awsconfig.WithRegion(region), // empty is none
		awsconfig.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(hurry)),
		awsconfig.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = maxTries, maxPause
				o.Retryables = slices.Insert(o.Retryables, 0, retry.IsErrorRetryable(retry.IsErrorRetryableFunc(notWhenSilent)))
			})
		}),
	)
	switch {
	case err != nil:
		return aws.Config{}, err
	case config.Region == "" && ownEndpoint:
		config.Region = "us-east-1" // what servers of other makers take when they have none
	case config.Region == "":
		return aws.Config{}, errors.New("the region is missing: want ?region=… or AWS_REGION")
	}
	return config, nil
}

func notWhenSilent(err error) aws.Ternary {
	if silent(err) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

func (b *bucket) signS3(ctx context.Context, name string, o SignOptions) (string, error) {
	return b.blobs.SignedURL(ctx, name, &blob.SignedURLOptions{
		Expiry: o.Expiry,
		Method: http.MethodGet,
		BeforeSign: func(as func(any) bool) error {
			var request *s3.GetObjectInput
			if !as(&request) {
				return errors.New("not a request of S3")
			}
			request.ResponseContentType, request.ResponseContentDisposition = &o.ContentType, &o.ContentDisposition
			return nil
		},
	})
}
