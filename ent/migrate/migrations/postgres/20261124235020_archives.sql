-- Modify "snapshots" table
ALTER TABLE "snapshots" ADD COLUMN "archive_sha256" character varying NULL, ADD COLUMN "archive_size" bigint NOT NULL DEFAULT 0;
