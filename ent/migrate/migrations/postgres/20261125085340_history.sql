-- Modify "annotations" table
ALTER TABLE "annotations" ADD COLUMN "born" bigint NOT NULL DEFAULT 1;
ALTER TABLE "annotations" ALTER COLUMN "born" DROP DEFAULT;
-- Create index "annotation_dataset_id_born" to table: "annotations"
CREATE INDEX "annotation_dataset_id_born" ON "annotations" ("dataset_id", "born");
-- Modify "datasets" table
ALTER TABLE "datasets" ADD COLUMN "epoch" bigint NOT NULL DEFAULT 1;
-- Modify "images" table
ALTER TABLE "images" ADD COLUMN "born" bigint NOT NULL DEFAULT 1;
ALTER TABLE "images" ALTER COLUMN "born" DROP DEFAULT;
-- Create index "image_dataset_id_born" to table: "images"
CREATE INDEX "image_dataset_id_born" ON "images" ("dataset_id", "born");
-- Modify "labels" table
ALTER TABLE "labels" ADD COLUMN "born" bigint NOT NULL DEFAULT 1;
ALTER TABLE "labels" ALTER COLUMN "born" DROP DEFAULT;
-- Create index "label_dataset_id_born" to table: "labels"
CREATE INDEX "label_dataset_id_born" ON "labels" ("dataset_id", "born");
-- Modify "snapshots" table
ALTER TABLE "snapshots" ADD COLUMN "epoch" bigint NULL, ADD COLUMN "dataset_name" character varying NOT NULL DEFAULT '', ADD COLUMN "dataset_description" text NOT NULL DEFAULT '', ADD COLUMN "expires_at" timestamptz NULL;
-- Create index "snapshot_dataset_id_epoch" to table: "snapshots"
CREATE INDEX "snapshot_dataset_id_epoch" ON "snapshots" ("dataset_id", "epoch");
-- Create index "snapshot_expires_at" to table: "snapshots"
CREATE INDEX "snapshot_expires_at" ON "snapshots" ("expires_at");
-- Create "annotations_history" table
CREATE TABLE "annotations_history" ("image_id" bigint NOT NULL, "id" uuid NOT NULL, "born" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL, "type" character varying NOT NULL, "data" json NOT NULL, "is_synthetic" boolean NOT NULL, "confidence" double precision NULL, "source" character varying NOT NULL, "position" bigint NOT NULL, "dataset_id" bigint NOT NULL, "label_id" bigint NOT NULL, "author_id" bigint NULL, "died" bigint NOT NULL, PRIMARY KEY ("image_id", "id", "born"));
-- Create index "annotations_history_dataset_id_died" to table: "annotations_history"
CREATE INDEX "annotations_history_dataset_id_died" ON "annotations_history" ("dataset_id", "died");
-- Set comment to table: "annotations_history"
COMMENT ON TABLE "annotations_history" IS 'What snapshots see of annotations that is no longer so.';
-- Create "images_history" table
CREATE TABLE "images_history" ("id" bigint NOT NULL, "born" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL, "name" character varying NOT NULL, "original_name" character varying NOT NULL, "source" character varying NOT NULL, "sha256" character varying NOT NULL, "object_sha256" character varying NOT NULL, "size" bigint NOT NULL, "width" bigint NOT NULL, "height" bigint NOT NULL, "format" character varying NOT NULL, "perceptual_hash" bigint NULL, "prompt" text NOT NULL, "negative_prompt" text NOT NULL, "generation_type" character varying NOT NULL, "extra_information" json NOT NULL, "tags" jsonb NOT NULL, "metadata" jsonb NOT NULL, "is_synthetic" boolean NOT NULL, "done" boolean NOT NULL, "reviewed" boolean NOT NULL, "split" character varying NOT NULL, "batch_id" bigint NULL, "dataset_id" bigint NOT NULL, "base_image_id" bigint NULL, "job_id" bigint NULL, "died" bigint NOT NULL, PRIMARY KEY ("id", "born"));
-- Create index "images_history_dataset_id_died" to table: "images_history"
CREATE INDEX "images_history_dataset_id_died" ON "images_history" ("dataset_id", "died");
-- Create index "images_history_object_sha256" to table: "images_history"
CREATE INDEX "images_history_object_sha256" ON "images_history" ("object_sha256");
-- Set comment to table: "images_history"
COMMENT ON TABLE "images_history" IS 'What snapshots see of images that is no longer so.';
-- Create "labels_history" table
CREATE TABLE "labels_history" ("id" bigint NOT NULL, "born" bigint NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "version" bigint NOT NULL, "name" character varying NOT NULL, "color" character varying NOT NULL, "order" bigint NOT NULL, "prompt" text NOT NULL, "negative_prompt" text NOT NULL, "dataset_id" bigint NOT NULL, "died" bigint NOT NULL, PRIMARY KEY ("id", "born"));
-- Create index "labels_history_dataset_id_died" to table: "labels_history"
CREATE INDEX "labels_history_dataset_id_died" ON "labels_history" ("dataset_id", "died");
-- Set comment to table: "labels_history"
COMMENT ON TABLE "labels_history" IS 'What snapshots see of labels that is no longer so.';
