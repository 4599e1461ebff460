package upload

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/exp/slog" //nolint:depguard // of which the handler wants a logger

	"github.com/datasetgen/datagen/internal/access"
	"github.com/datasetgen/datagen/internal/fault"
	"github.com/datasetgen/datagen/internal/web"
)

// Path is where uploads are made. Each is found below it, at its id.
const Path = "/uploads"

const (
	// afterwards is how long what came of a request that was broken off may take to be kept.
	afterwards = 30 * time.Second
	// patience is how long a read of a body may take. Package web is stricter.
	patience = 5 * time.Minute
)

// ServeHTTP answers the requests of tus clients. They must be of somebody who may write; an upload belongs to who has made it,
// and for everybody else there is none.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		s.tellOptions(w)
		return
	}
	v, err := access.Require(r.Context())
	if err == nil && v.ReadOnly {
		err = fmt.Errorf("%w: this API key only reads", fault.Forbidden)
	}
	if err != nil {
		web.Error(w, r, err)
		return
	}
	x := exchange{s, newTurn(w), w.Header()}
	tus, err := x.handler(web.BaseURL(r.Context()))
	if err != nil {
		web.Error(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	watched := *r // the server looks into its own request for a body
	watched.Body = body{r.Body, r.Context(), x.turn}
	http.StripPrefix(Path, tus).ServeHTTP(w, &watched)
}

// handler speaks the protocol in one request: base is in the answer, and differs with the name that the server is called by.
func (x exchange) handler(base string) (http.Handler, error) {
	composer := handler.NewStoreComposer()
	composer.UseCore(x)
	composer.UseTerminater(x)
	composer.UseLocker(x)
	return handler.NewHandler(handler.Config{
		StoreComposer:                    composer,
		BasePath:                         base + Path + "/",
		MaxSize:                          x.maxLength,
		DisableDownload:                  true,
		Cors:                             &handler.CorsConfig{Disable: true}, // package web sees to it
		Logger:                           slog.New(slog.NewTextHandler(io.Discard, nil)),
		GracefulRequestCompletionTimeout: afterwards,
		NetworkTimeout:                   patience,
	})
}

// tellOptions tells what of the protocol there is. The handler's own answer does not know of what is beside it.
func (s *Service) tellOptions(w http.ResponseWriter) {
	for name, value := range map[string]string{
		"Tus-Resumable": "1.0.0",
		"Tus-Version":   "1.0.0",
		"Tus-Max-Size":  strconv.FormatInt(s.maxLength, 10),
		"Tus-Extension": "creation,creation-with-upload,expiration,termination",
	} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(http.StatusNoContent)
}
