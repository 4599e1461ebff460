-- Create index "batch_dataset_id_name_id" to table: "batches"
CREATE INDEX `batch_dataset_id_name_id` ON `batches` (`dataset_id`, `name`, `id`);
-- Create index "image_dataset_id_name" to table: "images"
CREATE INDEX `image_dataset_id_name` ON `images` (`dataset_id`, `name`);
-- Create index "image_dataset_id_original_name_id" to table: "images"
CREATE INDEX `image_dataset_id_original_name_id` ON `images` (`dataset_id`, `original_name`, `id`);
-- Create index "image_dataset_id_size_id" to table: "images"
CREATE INDEX `image_dataset_id_size_id` ON `images` (`dataset_id`, `size`, `id`);
-- Create index "image_dataset_id_format_id" to table: "images"
CREATE INDEX `image_dataset_id_format_id` ON `images` (`dataset_id`, `format`, `id`);
-- Create index "job_dataset_id_done_id" to table: "jobs"
CREATE INDEX `job_dataset_id_done_id` ON `jobs` (`dataset_id`, `done`, `id`);
-- Create index "job_dataset_id_reviewed_id" to table: "jobs"
CREATE INDEX `job_dataset_id_reviewed_id` ON `jobs` (`dataset_id`, `reviewed`, `id`);
-- Create index "label_dataset_id_name_id" to table: "labels"
CREATE INDEX `label_dataset_id_name_id` ON `labels` (`dataset_id`, `name`, `id`);
