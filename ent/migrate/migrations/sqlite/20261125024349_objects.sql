-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_images" table
CREATE TABLE `new_images` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `original_name` text NOT NULL DEFAULT (''), `source` text NOT NULL DEFAULT (''), `sha256` text NOT NULL, `object_sha256` text NOT NULL, `size` integer NOT NULL, `width` integer NOT NULL, `height` integer NOT NULL, `format` text NOT NULL, `perceptual_hash` integer NULL, `prompt` text NOT NULL DEFAULT (''), `negative_prompt` text NOT NULL DEFAULT (''), `generation_type` text NOT NULL DEFAULT ('text2image'), `extra_information` json NOT NULL, `tags` json NOT NULL, `metadata` json NOT NULL, `is_synthetic` bool NOT NULL DEFAULT (false), `done` bool NOT NULL DEFAULT (false), `reviewed` bool NOT NULL DEFAULT (false), `split` text NOT NULL DEFAULT ('NONE'), `batch_id` integer NULL, `dataset_id` integer NOT NULL, `base_image_id` integer NULL, `job_id` integer NULL, CONSTRAINT `images_batches_images` FOREIGN KEY (`batch_id`) REFERENCES `batches` (`id`) ON DELETE NO ACTION, CONSTRAINT `images_datasets_images` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE, CONSTRAINT `images_images_derivatives` FOREIGN KEY (`base_image_id`) REFERENCES `images` (`id`) ON DELETE NO ACTION, CONSTRAINT `images_jobs_images` FOREIGN KEY (`job_id`) REFERENCES `jobs` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "images" to new temporary table "new_images"
INSERT INTO `new_images` (`id`, `created_at`, `updated_at`, `version`, `name`, `original_name`, `sha256`, `object_sha256`, `size`, `width`, `height`, `format`, `prompt`, `negative_prompt`, `generation_type`, `extra_information`, `tags`, `metadata`, `is_synthetic`, `done`, `reviewed`, `split`, `batch_id`, `dataset_id`, `base_image_id`, `job_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `original_name`, `sha256`, `sha256`, `size`, `width`, `height`, `format`, `prompt`, `negative_prompt`, `generation_type`, `extra_information`, '[]', '{}', `is_synthetic`, `done`, `reviewed`, `split`, `batch_id`, `dataset_id`, `base_image_id`, `job_id` FROM `images`;
-- Drop "images" table after copying rows
DROP TABLE `images`;
-- Rename temporary table "new_images" to "images"
ALTER TABLE `new_images` RENAME TO `images`;
-- Create index "image_dataset_id_id" to table: "images"
CREATE INDEX `image_dataset_id_id` ON `images` (`dataset_id`, `id`);
-- Create index "image_dataset_id_created_at_id" to table: "images"
CREATE INDEX `image_dataset_id_created_at_id` ON `images` (`dataset_id`, `created_at`, `id`);
-- Create index "image_dataset_id_sha256" to table: "images"
CREATE INDEX `image_dataset_id_sha256` ON `images` (`dataset_id`, `sha256`);
-- Create index "image_object_sha256" to table: "images"
CREATE INDEX `image_object_sha256` ON `images` (`object_sha256`);
-- Create index "image_dataset_id_source_id" to table: "images"
CREATE INDEX `image_dataset_id_source_id` ON `images` (`dataset_id`, `source`, `id`);
-- Create index "image_dataset_id_perceptual_hash_id" to table: "images"
CREATE INDEX `image_dataset_id_perceptual_hash_id` ON `images` (`dataset_id`, `perceptual_hash`, `id`);
-- Create index "image_dataset_id_name" to table: "images"
CREATE INDEX `image_dataset_id_name` ON `images` (`dataset_id`, `name`);
-- Create index "image_dataset_id_original_name_id" to table: "images"
CREATE INDEX `image_dataset_id_original_name_id` ON `images` (`dataset_id`, `original_name`, `id`);
-- Create index "image_dataset_id_size_id" to table: "images"
CREATE INDEX `image_dataset_id_size_id` ON `images` (`dataset_id`, `size`, `id`);
-- Create index "image_dataset_id_format_id" to table: "images"
CREATE INDEX `image_dataset_id_format_id` ON `images` (`dataset_id`, `format`, `id`);
-- Create index "image_dataset_id_is_synthetic_id" to table: "images"
CREATE INDEX `image_dataset_id_is_synthetic_id` ON `images` (`dataset_id`, `is_synthetic`, `id`);
-- Create index "image_dataset_id_done_id" to table: "images"
CREATE INDEX `image_dataset_id_done_id` ON `images` (`dataset_id`, `done`, `id`);
-- Create index "image_dataset_id_reviewed_id" to table: "images"
CREATE INDEX `image_dataset_id_reviewed_id` ON `images` (`dataset_id`, `reviewed`, `id`);
-- Create index "image_dataset_id_split_id" to table: "images"
CREATE INDEX `image_dataset_id_split_id` ON `images` (`dataset_id`, `split`, `id`);
-- Create index "image_batch_id_id" to table: "images"
CREATE INDEX `image_batch_id_id` ON `images` (`batch_id`, `id`);
-- Create index "image_job_id_id" to table: "images"
CREATE INDEX `image_job_id_id` ON `images` (`job_id`, `id`);
-- Create index "image_base_image_id_id" to table: "images"
CREATE INDEX `image_base_image_id_id` ON `images` (`base_image_id`, `id`);
-- Add column "max_images" to table: "workspaces"
ALTER TABLE `workspaces` ADD COLUMN `max_images` integer NULL;
-- Add column "max_bytes" to table: "workspaces"
ALTER TABLE `workspaces` ADD COLUMN `max_bytes` integer NULL;
-- Create index "snapshot_archive_sha256" to table: "snapshots"
CREATE INDEX `snapshot_archive_sha256` ON `snapshots` (`archive_sha256`);
-- Create "dataset_counts" table
CREATE TABLE `dataset_counts` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `images` integer NOT NULL, `bytes` integer NOT NULL, `dataset_id` integer NOT NULL, CONSTRAINT `dataset_counts_datasets_counts` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE);
-- Create index "datasetcount_dataset_id" to table: "dataset_counts"
CREATE INDEX `datasetcount_dataset_id` ON `dataset_counts` (`dataset_id`);
-- Create "leases" table
CREATE TABLE `leases` (`name` text NOT NULL, `holder` text NOT NULL, `expires_at` datetime NOT NULL, `done_at` datetime NULL, PRIMARY KEY (`name`));
-- Create "objects" table
CREATE TABLE `objects` (`sha256` text NOT NULL, `size` integer NOT NULL, `created_at` datetime NOT NULL, `wanted_at` datetime NOT NULL, `unnamed_since` datetime NULL, `removing_until` datetime NULL, PRIMARY KEY (`sha256`));
-- Create index "object_unnamed_since" to table: "objects"
CREATE INDEX `object_unnamed_since` ON `objects` (`unnamed_since`);
-- Create "uploads" table
CREATE TABLE `uploads` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `name` text NOT NULL DEFAULT (''), `length` integer NOT NULL, `received` integer NOT NULL DEFAULT (0), `parts` json NOT NULL, `expires_at` datetime NOT NULL, `user_id` integer NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `uploads_users_uploads` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE);
-- Create index "upload_user_id" to table: "uploads"
CREATE INDEX `upload_user_id` ON `uploads` (`user_id`);
-- Create index "upload_expires_at" to table: "uploads"
CREATE INDEX `upload_expires_at` ON `uploads` (`expires_at`);
-- Enter what is in the store
INSERT INTO `objects` (`sha256`, `size`, `created_at`, `wanted_at`)
SELECT `sha256`, max(`size`), min(`created_at`), min(`created_at`) FROM (
	SELECT `sha256`, `size`, `created_at` FROM `images`
	UNION ALL SELECT `archive_sha256`, `archive_size`, `created_at` FROM `snapshots` WHERE `archive_sha256` IS NOT NULL
) AS `named` GROUP BY `sha256`;
-- Count what there is
INSERT INTO `dataset_counts` (`dataset_id`, `images`, `bytes`) SELECT `dataset_id`, count(*), sum(`size`) FROM `images` GROUP BY `dataset_id`;
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
