-- Create "api_keys" table
CREATE TABLE `api_keys` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `name` text NOT NULL, `prefix` text NOT NULL, `hash` text NOT NULL, `scope` text NOT NULL DEFAULT ('WRITE'), `expires_at` datetime NULL, `last_used_at` datetime NULL, `revoked_at` datetime NULL, `user_id` integer NOT NULL, CONSTRAINT `api_keys_users_api_keys` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE);
-- Create index "api_keys_hash_key" to table: "api_keys"
CREATE UNIQUE INDEX `api_keys_hash_key` ON `api_keys` (`hash`);
-- Create index "apikey_user_id_id" to table: "api_keys"
CREATE INDEX `apikey_user_id_id` ON `api_keys` (`user_id`, `id`);
-- Create "annotations" table
CREATE TABLE `annotations` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `type` text NOT NULL, `data` json NOT NULL, `is_synthetic` bool NOT NULL DEFAULT (false), `confidence` real NULL, `source` text NOT NULL DEFAULT ('MANUAL'), `position` integer NOT NULL, `dataset_id` integer NOT NULL, `image_id` integer NOT NULL, `label_id` integer NOT NULL, `author_id` integer NULL, PRIMARY KEY (`id`), CONSTRAINT `annotations_datasets_annotations` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE, CONSTRAINT `annotations_images_annotations` FOREIGN KEY (`image_id`) REFERENCES `images` (`id`) ON DELETE CASCADE, CONSTRAINT `annotations_labels_annotations` FOREIGN KEY (`label_id`) REFERENCES `labels` (`id`) ON DELETE CASCADE, CONSTRAINT `annotations_users_annotations` FOREIGN KEY (`author_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- Create index "annotation_image_id_position_id" to table: "annotations"
CREATE INDEX `annotation_image_id_position_id` ON `annotations` (`image_id`, `position`, `id`);
-- Create index "annotation_dataset_id_position_id" to table: "annotations"
CREATE INDEX `annotation_dataset_id_position_id` ON `annotations` (`dataset_id`, `position`, `id`);
-- Create index "annotation_label_id_position_id" to table: "annotations"
CREATE INDEX `annotation_label_id_position_id` ON `annotations` (`label_id`, `position`, `id`);
-- Create index "annotation_author_id" to table: "annotations"
CREATE INDEX `annotation_author_id` ON `annotations` (`author_id`);
-- Create "batches" table
CREATE TABLE `batches` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `workbench` bool NOT NULL DEFAULT (true), `dataset_id` integer NOT NULL, CONSTRAINT `batches_datasets_batches` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE);
-- Create index "batch_dataset_id_id" to table: "batches"
CREATE INDEX `batch_dataset_id_id` ON `batches` (`dataset_id`, `id`);
-- Create index "batch_dataset_id_workbench_id" to table: "batches"
CREATE INDEX `batch_dataset_id_workbench_id` ON `batches` (`dataset_id`, `workbench`, `id`);
-- Create "datasets" table
CREATE TABLE `datasets` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `description` text NOT NULL DEFAULT (''), `owner_id` integer NOT NULL, `workspace_id` integer NOT NULL, CONSTRAINT `datasets_users_owned_datasets` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `datasets_workspaces_datasets` FOREIGN KEY (`workspace_id`) REFERENCES `workspaces` (`id`) ON DELETE NO ACTION);
-- Create index "dataset_workspace_id_id" to table: "datasets"
CREATE INDEX `dataset_workspace_id_id` ON `datasets` (`workspace_id`, `id`);
-- Create index "dataset_workspace_id_name_id" to table: "datasets"
CREATE INDEX `dataset_workspace_id_name_id` ON `datasets` (`workspace_id`, `name`, `id`);
-- Create index "dataset_owner_id_id" to table: "datasets"
CREATE INDEX `dataset_owner_id_id` ON `datasets` (`owner_id`, `id`);
-- Create "images" table
CREATE TABLE `images` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `original_name` text NOT NULL DEFAULT (''), `sha256` text NOT NULL, `size` integer NOT NULL, `width` integer NOT NULL, `height` integer NOT NULL, `format` text NOT NULL, `prompt` text NOT NULL DEFAULT (''), `negative_prompt` text NOT NULL DEFAULT (''), `generation_type` text NOT NULL DEFAULT ('text2image'), `extra_information` json NOT NULL, `is_synthetic` bool NOT NULL DEFAULT (false), `done` bool NOT NULL DEFAULT (false), `reviewed` bool NOT NULL DEFAULT (false), `split` text NOT NULL DEFAULT ('NONE'), `batch_id` integer NULL, `dataset_id` integer NOT NULL, `base_image_id` integer NULL, `job_id` integer NULL, CONSTRAINT `images_batches_images` FOREIGN KEY (`batch_id`) REFERENCES `batches` (`id`) ON DELETE NO ACTION, CONSTRAINT `images_datasets_images` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE, CONSTRAINT `images_images_derivatives` FOREIGN KEY (`base_image_id`) REFERENCES `images` (`id`) ON DELETE NO ACTION, CONSTRAINT `images_jobs_images` FOREIGN KEY (`job_id`) REFERENCES `jobs` (`id`) ON DELETE NO ACTION);
-- Create index "image_dataset_id_id" to table: "images"
CREATE INDEX `image_dataset_id_id` ON `images` (`dataset_id`, `id`);
-- Create index "image_dataset_id_created_at_id" to table: "images"
CREATE INDEX `image_dataset_id_created_at_id` ON `images` (`dataset_id`, `created_at`, `id`);
-- Create index "image_dataset_id_sha256" to table: "images"
CREATE INDEX `image_dataset_id_sha256` ON `images` (`dataset_id`, `sha256`);
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
-- Create "jobs" table
CREATE TABLE `jobs` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `done` bool NOT NULL DEFAULT (false), `reviewed` bool NOT NULL DEFAULT (false), `batch_id` integer NULL, `dataset_id` integer NOT NULL, `owner_id` integer NULL, `assignee_id` integer NULL, CONSTRAINT `jobs_batches_jobs` FOREIGN KEY (`batch_id`) REFERENCES `batches` (`id`) ON DELETE NO ACTION, CONSTRAINT `jobs_datasets_jobs` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE, CONSTRAINT `jobs_users_owned_jobs` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `jobs_users_jobs` FOREIGN KEY (`assignee_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- Create index "job_dataset_id_id" to table: "jobs"
CREATE INDEX `job_dataset_id_id` ON `jobs` (`dataset_id`, `id`);
-- Create index "job_batch_id_id" to table: "jobs"
CREATE INDEX `job_batch_id_id` ON `jobs` (`batch_id`, `id`);
-- Create index "job_assignee_id_dataset_id_id" to table: "jobs"
CREATE INDEX `job_assignee_id_dataset_id_id` ON `jobs` (`assignee_id`, `dataset_id`, `id`);
-- Create index "job_owner_id" to table: "jobs"
CREATE INDEX `job_owner_id` ON `jobs` (`owner_id`);
-- Create "labels" table
CREATE TABLE `labels` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `color` text NOT NULL, `order` integer NOT NULL DEFAULT (0), `prompt` text NOT NULL DEFAULT (''), `negative_prompt` text NOT NULL DEFAULT (''), `dataset_id` integer NOT NULL, CONSTRAINT `labels_datasets_labels` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE);
-- Create index "label_dataset_id_id" to table: "labels"
CREATE INDEX `label_dataset_id_id` ON `labels` (`dataset_id`, `id`);
-- Create index "label_dataset_id_order_id" to table: "labels"
CREATE INDEX `label_dataset_id_order_id` ON `labels` (`dataset_id`, `order`, `id`);
-- Create "members" table
CREATE TABLE `members` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `role` text NOT NULL, `dataset_id` integer NOT NULL, `user_id` integer NOT NULL, CONSTRAINT `members_datasets_members` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE, CONSTRAINT `members_users_memberships` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- Create index "member_dataset_id_user_id" to table: "members"
CREATE UNIQUE INDEX `member_dataset_id_user_id` ON `members` (`dataset_id`, `user_id`);
-- Create index "member_dataset_id_id" to table: "members"
CREATE INDEX `member_dataset_id_id` ON `members` (`dataset_id`, `id`);
-- Create index "member_user_id_dataset_id" to table: "members"
CREATE INDEX `member_user_id_dataset_id` ON `members` (`user_id`, `dataset_id`);
-- Create "sessions" table
CREATE TABLE `sessions` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `family` text NOT NULL, `token_hash` text NOT NULL, `previous_hash` text NOT NULL DEFAULT (''), `rotated_at` datetime NULL, `expires_at` datetime NOT NULL, `revoked_at` datetime NULL, `last_used_at` datetime NOT NULL, `user_agent` text NOT NULL DEFAULT (''), `legacy` bool NOT NULL DEFAULT (false), `user_id` integer NOT NULL, CONSTRAINT `sessions_users_sessions` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- Create index "sessions_family_key" to table: "sessions"
CREATE UNIQUE INDEX `sessions_family_key` ON `sessions` (`family`);
-- Create index "session_user_id_id" to table: "sessions"
CREATE INDEX `session_user_id_id` ON `sessions` (`user_id`, `id`);
-- Create index "session_expires_at" to table: "sessions"
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);
-- Create "snapshots" table
CREATE TABLE `snapshots` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL DEFAULT (''), `note` text NOT NULL DEFAULT (''), `dataset_id` integer NOT NULL, CONSTRAINT `snapshots_datasets_snapshots` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE);
-- Create index "snapshot_dataset_id_id" to table: "snapshots"
CREATE INDEX `snapshot_dataset_id_id` ON `snapshots` (`dataset_id`, `id`);
-- Create "users" table
CREATE TABLE `users` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `email` text NOT NULL, `first_name` text NOT NULL DEFAULT (''), `last_name` text NOT NULL DEFAULT (''), `avatar` text NULL, `is_active` bool NOT NULL DEFAULT (true), `is_admin` bool NOT NULL DEFAULT (false), `is_superuser` bool NOT NULL DEFAULT (false), `password_hash` text NOT NULL DEFAULT (''), `session_version` integer NOT NULL DEFAULT (1), `last_login` datetime NULL, `workspace_id` integer NOT NULL, CONSTRAINT `users_workspaces_users` FOREIGN KEY (`workspace_id`) REFERENCES `workspaces` (`id`) ON DELETE NO ACTION);
-- Create index "users_email_key" to table: "users"
CREATE UNIQUE INDEX `users_email_key` ON `users` (`email`);
-- Create index "user_workspace_id_id" to table: "users"
CREATE INDEX `user_workspace_id_id` ON `users` (`workspace_id`, `id`);
-- Create "workspaces" table
CREATE TABLE `workspaces` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `name` text NOT NULL);
-- Create index "workspaces_name_key" to table: "workspaces"
CREATE UNIQUE INDEX `workspaces_name_key` ON `workspaces` (`name`);
