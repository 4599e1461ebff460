"""Loads an export with the tools that it is for, and prints what they read as JSON.

usage: tools.py FORMAT FOLDER

What is printed is {split: {file stem: [[class, x, y, width, height], ...]}}, classes as indices and boxes in pixels.
"""

import glob
import io
import json
import os
import struct
import sys


def coco(folder, annotations):
    """pycocotools, which also makes masks of all that has one."""
    from pycocotools.coco import COCO

    found = {}
    for split, path, pictures in annotations(folder):
        api = COCO(path)
        images = found[split] = {}
        for image in api.loadImgs(api.getImgIds()):
            assert size(os.path.join(pictures, image["file_name"])) == (image["width"], image["height"])
            rows = images[stem(image["file_name"])] = []
            for a in api.loadAnns(api.getAnnIds(imgIds=[image["id"]])):
                assert a["iscrowd"] == 0
                if a["segmentation"]:
                    mask = int(api.annToMask(a).sum())
                    assert abs(mask - a["area"]) <= max(4, 0.1 * a["area"]), (mask, a["area"])
                rows.append([a["category_id"] - 1, *a["bbox"]])
    return found


def instances(folder):
    for path in glob.glob(folder + "/annotations/instances_*.json"):
        split = path[path.rindex("_") + 1 : -len(".json")]
        yield split, path, f"{folder}/images/{split}"


def roboflow(folder):
    for path in glob.glob(folder + "/*/_annotations.coco.json"):
        name = os.path.basename(os.path.dirname(path))
        yield {"valid": "val"}.get(name, name), path, os.path.dirname(path)


def datumaro(folder, format):
    """Datumaro's own readers."""
    from datumaro.components.annotation import AnnotationType
    from datumaro.components.dataset import Dataset

    dataset = Dataset.import_from(folder, format)
    found = {}
    for item in dataset:
        width, height = item.media.size[1], item.media.size[0]
        assert width > 0 and height > 0 and item.media.data is not None
        rows = found.setdefault({"valid": "val", "default": "all"}.get(item.subset, item.subset), {}).setdefault(stem(item.id), [])
        for a in item.annotations:
            if a.type in (AnnotationType.bbox, AnnotationType.polygon):
                label = dataset.categories()[AnnotationType.label][a.label].name
                rows.append([label, *a.get_bbox()])
    return found


def openimages(folder):
    """Datumaro, which knows classes by the names that its describes; ours begin with their indices."""
    found = datumaro(folder, "open_images")
    found["val"] = found.pop("validation")
    for images in found.values():
        for rows in images.values():
            for row in rows:
                row[0] = int(row[0].split("/")[-1].split("_")[0])
    return found


def label_studio(folder):
    """The rules of https://labelstud.io/guide/export and of the converter: percentages, and labels that the interface has."""
    from xml.etree import ElementTree

    labels = [label.get("value") for label in ElementTree.parse(folder + "/label_config.xml").getroot().find("RectangleLabels")]
    found, ids = {}, set()
    for task in json.load(open(folder + "/tasks.json")):
        assert task["id"] not in ids
        ids.add(task["id"])
        name = task["data"]["image"].split("?d=")[1]
        w, h = size(os.path.join(folder, name))
        rows = found.setdefault(task["meta"]["split"], {})[stem(name)] = []
        for result in task["annotations"][0]["result"]:
            assert (result["original_width"], result["original_height"]) == (w, h)
            value = result["value"]
            label = value[result["type"]][0]
            if result["type"] == "rectanglelabels":
                box = [value["x"], value["y"], value["width"], value["height"]]
            else:
                xs, ys = [p[0] for p in value["points"]], [p[1] for p in value["points"]]
                box = [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
            rows.append([labels.index(label), box[0] * w / 100, box[1] * h / 100, box[2] * w / 100, box[3] * h / 100])
    return found


def createml(folder):
    """The rules of Create ML: one JSON in each folder, boxes by their centres in pixels."""
    found = {}
    for path in glob.glob(folder + "/*/*.json"):
        folder = os.path.dirname(path)
        images = found[{"valid": "val"}.get(os.path.basename(folder), os.path.basename(folder))] = {}
        for image in json.load(open(path)):
            assert size(os.path.join(folder, image["image"]))
            images[stem(image["image"])] = rows = []
            for a in image["annotations"]:
                c = a["coordinates"]
                rows.append([a["label"], c["x"] - c["width"] / 2, c["y"] - c["height"] / 2, c["width"], c["height"]])
    return found


def tables(folder):
    """csv of the standard library."""
    import csv

    read = lambda name: list(csv.DictReader(open(f"{folder}/{name}.csv", newline="")))
    found = {}
    split = lambda row: {"none": "train"}.get(row["split"], row["split"])
    for image in read("images"):
        assert size(f"{folder}/images/{image['file_name']}") == (int(image["width"]), int(image["height"]))
        found.setdefault(split(image), {})[stem(image["file_name"])] = []
    for row in read("annotations"):
        found[split(row)][stem(row["file_name"])].append([int(row["class"]), *(float(row[c]) for c in "xywh")])
    return found


def imagefolder(folder):
    """Hugging Face datasets."""
    from datasets import load_dataset

    found = {}
    for split, rows in load_dataset("imagefolder", data_dir=folder).items():
        images = found[{"validation": "val"}.get(split, split)] = {}
        for path, row in zip(rows.cast_column("image", undecoded()), rows):
            assert row["image"].size[0] > 0
            name = stem(os.path.basename(path["image"]["path"]))
            images[name] = [[c, *b] for c, b in zip(row["objects"]["categories"], row["objects"]["bbox"])]
    return found


def undecoded():
    from datasets import Image

    return Image(decode=False)


def webdataset(folder):
    """The WebDataset library."""
    import webdataset as wds
    from PIL import Image

    labels = [label["id"] for label in json.load(open(folder + "/dataset.json"))["labels"]]
    found = {}
    for path in sorted(glob.glob(folder + "/*/*.tar")):
        images = found.setdefault(os.path.basename(os.path.dirname(path)), {})
        for sample in wds.WebDataset(path, shardshuffle=False, empty_check=False):
            meta = json.loads(sample["json"])
            picture = next(sample[k] for k in ("png", "jpg") if k in sample)
            w, h = Image.open(io.BytesIO(picture)).size
            assert (w, h) == (meta["width"], meta["height"])
            rows = images[sample["__key__"].split("/")[-1]] = []
            for a in meta["annotations"]:
                rows.append([labels.index(a["label"]), *around(a["data"], w, h)])
    return found


def around(data, w, h):
    if "points" in data:
        xs, ys = [p[0] * w for p in data["points"]], [p[1] * h for p in data["points"]]
        return [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
    return [data["point"][0] * w, data["point"][1] * h, data["width"] * w, data["height"] * h]


def yolo(folder):
    """The rules of ultralytics/data/utils.py, 8.3: img2label_paths, verify_image_label and check_det_dataset."""
    import yaml

    files = glob.glob(folder + "/*.yaml")
    assert len(files) == 1, files
    data = yaml.safe_load(open(files[0]))
    assert "train" in data and "val" in data and len(data["names"]) == data["nc"] and "path" not in data
    found = {}
    for split in ("train", "val", "test"):
        if split not in data or split == "val" and data["val"] == data["train"]:
            continue
        images = found[split] = {}
        for picture in sorted(glob.glob(os.path.join(folder, data[split], "*"))):
            before, slash, after = picture.rpartition(os.sep + "images" + os.sep)
            path = before + os.sep + "labels" + os.sep + after.rsplit(".", 1)[0] + ".txt"
            w, h = size(picture)
            assert w > 9 and h > 9
            lines = [line.split() for line in open(path).read().strip().splitlines()]
            assert len({tuple(line) for line in lines}) == len(lines), "duplicates"
            segments = any(len(line) > 6 for line in lines)
            rows = images[stem(os.path.basename(picture))] = []
            for line in lines:
                values = [float(v) for v in line[1:]]
                assert 0 <= int(line[0]) < data["nc"] and all(-0.01 <= v <= 1.01 for v in values)
                if segments:
                    assert len(values) >= 6 and len(values) % 2 == 0
                    xs, ys = values[::2], values[1::2]
                    x1, y1, x2, y2 = min(xs), min(ys), max(xs), max(ys)
                else:
                    assert len(values) == 4
                    x1, y1, x2, y2 = values[0] - values[2] / 2, values[1] - values[3] / 2, values[0] + values[2] / 2, values[1] + values[3] / 2
                rows.append([int(line[0]), x1 * w, y1 * h, (x2 - x1) * w, (y2 - y1) * h])
    return found


def tfrecord(folder):
    """A reader of the framing and of protobuf's wire format, with CRC-32C by the letter."""
    found = {}
    for path in sorted(glob.glob(folder + "/*.tfrecord")):
        images = found.setdefault(os.path.basename(path).split("-")[0], {})
        for example in records(open(path, "rb").read()):
            features = {}
            for entry in fields(fields(example)[1][0])[1]:
                e = fields(entry)
                features[e[1][0].decode()] = fields(e[2][0])
            text = lambda name: fields(features[name][1][0])[1]
            ints = lambda name: varints(fields(features[name][3][0])[1][0]) if 1 in fields(features[name][3][0]) else []
            floats = lambda name: [v for (v,) in struct.iter_unpack("<f", fields(features[name][2][0]).get(1, [b""])[0])]
            from PIL import Image

            w, h = ints("image/width")[0], ints("image/height")[0]
            assert Image.open(io.BytesIO(text("image/encoded")[0])).size == (w, h)
            sides = [floats("image/object/bbox/" + s) for s in ("xmin", "xmax", "ymin", "ymax")]
            images[stem(text("image/filename")[0].decode())] = [
                [c - 1, x1 * w, y1 * h, (x2 - x1) * w, (y2 - y1) * h] for c, x1, x2, y1, y2 in zip(ints("image/object/class/label"), *sides)
            ]
    return found


def records(data):
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        assert struct.unpack_from("<I", data, at + 8)[0] == masked(data[at : at + 8])
        record = data[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked(record)
        yield record
        at += 16 + length


def masked(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varints(data):
    values, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            values.append(value)
            value, shift = 0, 0
    return values


def fields(data):
    found, at = {}, 0
    while at < len(data):
        tag, at = data[at], at + 1
        assert tag & 7 == 2, tag
        length, shift = 0, 0
        while True:
            byte, at = data[at], at + 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        found.setdefault(tag >> 3, []).append(data[at : at + length])
        at += length
    return found


def size(path):
    from PIL import Image

    with Image.open(path) as picture:
        picture.load()
        return picture.size


def stem(name):
    return os.path.splitext(os.path.basename(name))[0]


READERS = {
    "yolo": yolo,
    "yolo-segmentation": yolo,
    "coco": lambda folder: coco(folder, instances),
    "coco-masks-rle": lambda folder: coco(folder, instances),
    "coco-layout-roboflow": lambda folder: coco(folder, roboflow),
    "voc-origin-0": lambda folder: datumaro(folder, "voc"),
    "cvat": lambda folder: datumaro(folder, "cvat"),
    "datumaro": lambda folder: datumaro(folder, "datumaro"),
    "label-studio": label_studio,
    "openimages": openimages,
    "createml": createml,
    "csv": tables,
    "imagefolder": imagefolder,
    "webdataset": webdataset,
    "tfrecord": tfrecord,
}

if __name__ == "__main__":
    print("\n" + json.dumps(READERS[sys.argv[1]](sys.argv[2])))
