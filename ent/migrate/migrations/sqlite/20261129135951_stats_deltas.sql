-- Create index "annotation_image_id_label_id" to table: "annotations"
CREATE INDEX `annotation_image_id_label_id` ON `annotations` (`image_id`, `label_id`);
-- Create "stats_deltas" table
CREATE TABLE `stats_deltas` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `dataset_id` integer NOT NULL, `label_id` integer NOT NULL, `images` integer NOT NULL DEFAULT ('0'), `synthetic_images` integer NOT NULL DEFAULT ('0'), `annotated_images` integer NOT NULL DEFAULT ('0'), `done_images` integer NOT NULL DEFAULT ('0'), `reviewed_images` integer NOT NULL DEFAULT ('0'), `size` integer NOT NULL DEFAULT ('0'), `annotations` integer NOT NULL DEFAULT ('0'), `synthetic_annotations` integer NOT NULL DEFAULT ('0'), `labels` integer NOT NULL DEFAULT ('0'));
-- Create index "statsdelta_dataset_id_label_id" to table: "stats_deltas"
CREATE INDEX `statsdelta_dataset_id_label_id` ON `stats_deltas` (`dataset_id`, `label_id`);
