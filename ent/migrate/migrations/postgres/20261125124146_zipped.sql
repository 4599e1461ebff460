-- Modify "snapshots" table
ALTER TABLE "snapshots" ADD COLUMN "zipped" boolean NOT NULL DEFAULT false;
