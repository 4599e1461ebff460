-- Modify "objects" table
ALTER TABLE "objects" ADD COLUMN "crc32" bigint NULL, ADD COLUMN "crc32c" bigint NULL;
