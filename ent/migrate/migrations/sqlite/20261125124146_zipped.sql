-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_snapshots" table
CREATE TABLE `new_snapshots` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL DEFAULT (''), `note` text NOT NULL DEFAULT (''), `epoch` integer NULL, `dataset_name` text NOT NULL DEFAULT (''), `dataset_description` text NOT NULL DEFAULT (''), `expires_at` datetime NULL, `zipped` bool NOT NULL DEFAULT (false), `archive_sha256` text NULL, `archive_size` integer NOT NULL DEFAULT (0), `dataset_id` integer NOT NULL, CONSTRAINT `snapshots_datasets_snapshots` FOREIGN KEY (`dataset_id`) REFERENCES `datasets` (`id`) ON DELETE CASCADE);
-- Copy rows from old table "snapshots" to new temporary table "new_snapshots"
INSERT INTO `new_snapshots` (`id`, `created_at`, `updated_at`, `version`, `name`, `note`, `epoch`, `dataset_name`, `dataset_description`, `expires_at`, `archive_sha256`, `archive_size`, `dataset_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `name`, `note`, `epoch`, `dataset_name`, `dataset_description`, `expires_at`, `archive_sha256`, `archive_size`, `dataset_id` FROM `snapshots`;
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
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
