-- Add column "crc32" to table: "objects"
ALTER TABLE `objects` ADD COLUMN `crc32` integer NULL;
-- Add column "crc32c" to table: "objects"
ALTER TABLE `objects` ADD COLUMN `crc32c` integer NULL;
