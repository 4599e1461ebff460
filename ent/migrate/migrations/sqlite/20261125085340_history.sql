-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_annotations" table
CREATE TABLE `new_annotations` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `born` integer NOT NULL, `type` text NOT NULL, `data` json NOT NULL, `is_synthetic` bool NOT NULL DEFAULT (false), `confidence` real NULL, `source` text NOT NULL DEFAULT ('MANUAL'), `position` integer NOT NULL, `dataset_id` integer NOT NULL, `image_id` integer NOT NULL, `label_id` integer NOT NULL, `author_id` integer NULL, PRIMARY KEY (`id`), CONSTRAINT `annotations_datasets_annotations` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE, CONSTRAINT `annotations_images_annotations` FOREIGN KEY (`image_id`) REFERENCES `images` (`id`) ON DELETE CASCADE, CONSTRAINT `annotations_labels_annotations` FOREIGN KEY (`label_id`) REFERENCES `labels` (`id`) ON DELETE CASCADE, CONSTRAINT `annotations_users_annotations` FOREIGN KEY (`author_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "annotations" to new temporary table "new_annotations"
INSERT INTO `new_annotations` (`id`, `created_at`, `updated_at`, `version`, `type`, `data`, `is_synthetic`, `confidence`, `source`, `position`, `dataset_id`, `image_id`, `label_id`, `author_id`, `born`) SELECT `id`, `created_at`, `updated_at`, `version`, `type`, `data`, `is_synthetic`, `confidence`, `source`, `position`, `dataset_id`, `image_id`, `label_id`, `author_id`, 1 FROM `annotations`;
-- Drop "annotations" table after copying rows
DROP TABLE `annotations`;
-- Rename temporary table "new_annotations" to "annotations"
ALTER TABLE `new_annotations` RENAME TO `annotations`;
-- Create index "annotation_dataset_id_born" to table: "annotations"
CREATE INDEX `annotation_dataset_id_born` ON `annotations` (`dataset_id`, `born`);
-- Create index "annotation_image_id_position_id" to table: "annotations"
CREATE INDEX `annotation_image_id_position_id` ON `annotations` (`image_id`, `position`, `id`);
-- Create index "annotation_dataset_id_position_id" to table: "annotations"
CREATE INDEX `annotation_dataset_id_position_id` ON `annotations` (`dataset_id`, `position`, `id`);
-- Create index "annotation_label_id_position_id" to table: "annotations"
CREATE INDEX `annotation_label_id_position_id` ON `annotations` (`label_id`, `position`, `id`);
-- Create index "annotation_author_id" to table: "annotations"
CREATE INDEX `annotation_author_id` ON `annotations` (`author_id`);
-- Create "new_datasets" table
CREATE TABLE `new_datasets` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `description` text NOT NULL DEFAULT (''), `epoch` integer NOT NULL DEFAULT (1), `owner_id` integer NOT NULL, `workspace_id` integer NOT NULL, CONSTRAINT `datasets_users_owned_datasets` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `datasets_workspaces_datasets` FOREIGN KEY (`workspace_id`) REFERENCES `workspaces` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "datasets" to new temporary table "new_datasets"
INSERT INTO `new_datasets` (`id`, `created_at`, `updated_at`, `version`, `name`, `description`, `owner_id`, `workspace_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `description`, `owner_id`, `workspace_id` FROM `datasets`;
-- Drop "datasets" table after copying rows
DROP TABLE `datasets`;
-- Rename temporary table "new_datasets" to "datasets"
ALTER TABLE `new_datasets` RENAME TO `datasets`;
-- Create index "dataset_workspace_id_id" to table: "datasets"
CREATE INDEX `dataset_workspace_id_id` ON `datasets` (`workspace_id`, `id`);
-- Create index "dataset_workspace_id_name_id" to table: "datasets"
CREATE INDEX `dataset_workspace_id_name_id` ON `datasets` (`workspace_id`, `name`, `id`);
-- Create index "dataset_owner_id_id" to table: "datasets"
CREATE INDEX `dataset_owner_id_id` ON `datasets` (`owner_id`, `id`);
-- Create "new_labels" table
CREATE TABLE `new_labels` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `born` integer NOT NULL, `name` text NOT NULL, `color` text NOT NULL, `order` integer NOT NULL DEFAULT (0), `prompt` text NOT NULL DEFAULT (''), `negative_prompt` text NOT NULL DEFAULT (''), `dataset_id` integer NOT NULL, CONSTRAINT `labels_datasets_labels` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE);
-- Copy rows from old table "labels" to new temporary table "new_labels"
INSERT INTO `new_labels` (`id`, `created_at`, `updated_at`, `version`, `name`, `color`, `order`, `prompt`, `negative_prompt`, `dataset_id`, `born`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `color`, `order`, `prompt`, `negative_prompt`, `dataset_id`, 1 FROM `labels`;
-- Drop "labels" table after copying rows
DROP TABLE `labels`;
-- Rename temporary table "new_labels" to "labels"
ALTER TABLE `new_labels` RENAME TO `labels`;
-- Create index "label_dataset_id_born" to table: "labels"
CREATE INDEX `label_dataset_id_born` ON `labels` (`dataset_id`, `born`);
-- Create index "label_dataset_id_id" to table: "labels"
CREATE INDEX `label_dataset_id_id` ON `labels` (`dataset_id`, `id`);
-- Create index "label_dataset_id_order_id" to table: "labels"
CREATE INDEX `label_dataset_id_order_id` ON `labels` (`dataset_id`, `order`, `id`);
-- Create index "label_dataset_id_name_id" to table: "labels"
CREATE INDEX `label_dataset_id_name_id` ON `labels` (`dataset_id`, `name`, `id`);
-- Create "new_snapshots" table
CREATE TABLE `new_snapshots` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL DEFAULT (''), `note` text NOT NULL DEFAULT (''), `epoch` integer NULL, `dataset_name` text NOT NULL DEFAULT (''), `dataset_description` text NOT NULL DEFAULT (''), `expires_at` datetime NULL, `archive_sha256` text NULL, `archive_size` integer NOT NULL DEFAULT (0), `dataset_id` integer NOT NULL, CONSTRAINT `snapshots_datasets_snapshots` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE);
-- Copy rows from old table "snapshots" to new temporary table "new_snapshots"
INSERT INTO `new_snapshots` (`id`, `created_at`, `updated_at`, `version`, `name`, `note`, `archive_sha256`, `archive_size`, `dataset_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `note`, `archive_sha256`, `archive_size`, `dataset_id` FROM `snapshots`;
-- Drop "snapshots" table after copying rows
DROP TABLE `snapshots`;
-- Rename temporary table "new_snapshots" to "snapshots"
ALTER TABLE `new_snapshots` RENAME TO `snapshots`;
-- Create index "snapshot_dataset_id_id" to table: "snapshots"
CREATE INDEX `snapshot_dataset_id_id` ON `snapshots` (`dataset_id`, `id`);
-- Create index "snapshot_dataset_id_epoch" to table: "snapshots"
CREATE INDEX `snapshot_dataset_id_epoch` ON `snapshots` (`dataset_id`, `epoch`);
-- Create index "snapshot_expires_at" to table: "snapshots"
CREATE INDEX `snapshot_expires_at` ON `snapshots` (`expires_at`);
-- Create index "snapshot_archive_sha256" to table: "snapshots"
CREATE INDEX `snapshot_archive_sha256` ON `snapshots` (`archive_sha256`);
-- Create "new_images" table
CREATE TABLE `new_images` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `born` integer NOT NULL, `name` text NOT NULL, `original_name` text NOT NULL DEFAULT (''), `source` text NOT NULL DEFAULT (''), `sha256` text NOT NULL, `object_sha256` text NOT NULL, `size` integer NOT NULL, `width` integer NOT NULL, `height` integer NOT NULL, `format` text NOT NULL, `perceptual_hash` integer NULL, `prompt` text NOT NULL DEFAULT (''), `negative_prompt` text NOT NULL DEFAULT (''), `generation_type` text NOT NULL DEFAULT ('text2image'), `extra_information` json NOT NULL, `tags` json NOT NULL, `metadata` json NOT NULL, `is_synthetic` bool NOT NULL DEFAULT (false), `done` bool NOT NULL DEFAULT (false), `reviewed` bool NOT NULL DEFAULT (false), `split` text NOT NULL DEFAULT ('NONE'), `batch_id` integer NULL, `dataset_id` integer NOT NULL, `base_image_id` integer NULL, `job_id` integer NULL, CONSTRAINT `images_batches_images` FOREIGN KEY (`batch_id`) REFERENCES `batches` (`id`) ON DELETE NO ACTION, CONSTRAINT `images_datasets_images` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE, CONSTRAINT `images_images_derivatives` FOREIGN KEY (`base_image_id`) REFERENCES `images` (`id`) ON DELETE NO ACTION, CONSTRAINT `images_jobs_images` FOREIGN KEY (`job_id`) REFERENCES `jobs` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "images" to new temporary table "new_images"
INSERT INTO `new_images` (`id`, `created_at`, `updated_at`, `version`, `name`, `original_name`, `source`, `sha256`, `object_sha256`, `size`, `width`, `height`, `format`, `perceptual_hash`, `prompt`, `negative_prompt`, `generation_type`, `extra_information`, `tags`, `metadata`, `is_synthetic`, `done`, `reviewed`, `split`, `batch_id`, `dataset_id`, `base_image_id`, `job_id`, `born`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `original_name`, `source`, `sha256`, `object_sha256`, `size`, `width`, `height`, `format`, `perceptual_hash`, `prompt`, `negative_prompt`, `generation_type`, `extra_information`, `tags`, `metadata`, `is_synthetic`, `done`, `reviewed`, `split`, `batch_id`, `dataset_id`, `base_image_id`, `job_id`, 1 FROM `images`;
-- Drop "images" table after copying rows
DROP TABLE `images`;
-- Rename temporary table "new_images" to "images"
ALTER TABLE `new_images` RENAME TO `images`;
-- Create index "image_dataset_id_born" to table: "images"
CREATE INDEX `image_dataset_id_born` ON `images` (`dataset_id`, `born`);
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
-- Create "annotations_history" table
CREATE TABLE `annotations_history` (`image_id` integer NOT NULL, `id` uuid NOT NULL, `born` integer NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL, `type` text NOT NULL, `data` json NOT NULL, `is_synthetic` bool NOT NULL, `confidence` real NULL, `source` text NOT NULL, `position` integer NOT NULL, `dataset_id` integer NOT NULL, `label_id` integer NOT NULL, `author_id` integer NULL, `died` integer NOT NULL, PRIMARY KEY (`image_id`, `id`, `born`));
-- Create index "annotations_history_dataset_id_died" to table: "annotations_history"
CREATE INDEX `annotations_history_dataset_id_died` ON `annotations_history` (`dataset_id`, `died`);
-- Create "images_history" table
CREATE TABLE `images_history` (`id` integer NOT NULL, `born` integer NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL, `name` text NOT NULL, `original_name` text NOT NULL, `source` text NOT NULL, `sha256` text NOT NULL, `object_sha256` text NOT NULL, `size` integer NOT NULL, `width` integer NOT NULL, `height` integer NOT NULL, `format` text NOT NULL, `perceptual_hash` integer NULL, `prompt` text NOT NULL, `negative_prompt` text NOT NULL, `generation_type` text NOT NULL, `extra_information` json NOT NULL, `tags` json NOT NULL, `metadata` json NOT NULL, `is_synthetic` bool NOT NULL, `done` bool NOT NULL, `reviewed` bool NOT NULL, `split` text NOT NULL, `batch_id` integer NULL, `dataset_id` integer NOT NULL, `base_image_id` integer NULL, `job_id` integer NULL, `died` integer NOT NULL, PRIMARY KEY (`id`, `born`));
-- Create index "images_history_dataset_id_died" to table: "images_history"
CREATE INDEX `images_history_dataset_id_died` ON `images_history` (`dataset_id`, `died`);
-- Create index "images_history_object_sha256" to table: "images_history"
CREATE INDEX `images_history_object_sha256` ON `images_history` (`object_sha256`);
-- Create "labels_history" table
CREATE TABLE `labels_history` (`id` integer NOT NULL, `born` integer NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL, `name` text NOT NULL, `color` text NOT NULL, `order` integer NOT NULL, `prompt` text NOT NULL, `negative_prompt` text NOT NULL, `dataset_id` integer NOT NULL, `died` integer NOT NULL, PRIMARY KEY (`id`, `born`));
-- Create index "labels_history_dataset_id_died" to table: "labels_history"
CREATE INDEX `labels_history_dataset_id_died` ON `labels_history` (`dataset_id`, `died`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
