# syntax=docker/dockerfile:1
#
#   docker build --build-arg VERSION=$(git describe --tags --always) -t datagen .
#   docker run -p 8000:8000 -v datagen:/data datagen

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/datagen ./cmd/datagen \
    && mkdir /out/data

# Certificates, time zones, a /tmp and the user nonroot (65532); no shell, hence
# no HEALTHCHECK: probe /healthz and /readyz from outside.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/datagen /usr/local/bin/datagen
# A new volume takes over the owner of the folder below it.
COPY --from=build --chown=nonroot:nonroot /out/data /data
ENV ADDR=:8000 \
    DATABASE_URL=sqlite:/data/datagen.db \
    STORAGE_URL=file:/data/objects
VOLUME /data
EXPOSE 8000
USER nonroot
ENTRYPOINT ["/usr/local/bin/datagen"]
CMD ["serve"]
