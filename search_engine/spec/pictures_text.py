"""What people are told of pictures: a sentence for each note and question, a hint for each fault.

Codes are what decides; these sentences are for eyes only.
"""

from search_engine.spec.pictures import Note, Question

HINTS = {
    "archive_cut_off": "Upload it again, or pack the folder anew.",
    "archive_too_large": "Upload fewer or smaller images.",
    "damaged_picture": "Save it anew, or go on without it.",
    "duplicate_file": "Pack the folder anew: each file once. Or go on without the second.",
    "empty_file": "Upload or copy it again.",
    "image_too_large": "Scale this image down before you pack it.",
    "images_too_large": "Choose a smaller image size, or use fewer images.",
    "link": "Pack the folder anew with real files in place of links.",
    "memory": "Upload fewer or smaller images, or choose a smaller image size.",
    "no_classes": "Put each picture into a folder that is named like its class, or add a file"
    " labels.csv with the columns file and label.",
    "no_images": "Give a folder for each class, with its images in it.",
    "no_training_pictures": "Call the folder with the pictures to learn from “train”.",
    "not_an_archive": "Pack the folder as .zip, .tar, .tar.gz or .tar.zst.",
    "other_archive": "Unpack it, and pack the folder as .zip, .tar, .tar.gz or .tar.zst.",
    "too_few_classes": "Give each class a folder of its own, and pack them together.",
    "too_few_pictures": "Add pictures: some to learn from, some to choose by, some to test with.",
    "undecodable_image": "Take this file out, or save it anew as PNG or JPEG.",
    "unreadable_file": "This file is damaged: pack it anew, or go on without it.",
    "unsafe_path": "Pack the folder anew: no name may lead out of it.",
    "unsupported_format": "Convert it to PNG or JPEG, for instance with `magick FILE FILE.png`.",
    "web_page": "The download failed: fetch the archive again, in a browser where a page asks you"
    " to confirm.",
    "zip_cut_off": "Download or copy it again; it was not complete.",
    "zip_damaged": "Download or copy it again, or pack the folder anew.",
    "zip_deflate64": "Windows packs large folders as Deflate64: pack it anew with 7-Zip as"
    " “Deflate”, or as .tar.gz.",
    "zip_encrypted": "Pack the folder anew, without a password.",
}
"""What to do about a fault, by its code."""

_NOTES = {
    "broken_left_out": "{count} broken file{s} {were} left out: {files}.",
    "class_only_in_test": "Only the test pictures have {files}: nothing can be learned of"
    " {them}, so {they} {were} left out.",
    "class_only_in_validation": "Only the validation pictures have {files}: nothing can be"
    " learned of {them}, so {they} {were} left out.",
    "class_only_in_train": "Only the training pictures have {files}: {they} cannot be tested.",
    "classes_left_out": "{count} class{es} {were} left out: {files}.",
    "conflicting_copies": "{count} equal picture{s} stand{v} in different classes: {files}."
    " Decide which class is right, and take the others out.",
    "copies_across_parts": "{count} picture{s} of the validation or test part {are} nearly or"
    " wholly equal to one that is learned from: {files}. Accuracy looks better than it is.",
    "copies_left_out": "{count} cop{ies} {were} left out: {files}.",
    "empty_classes": "{count} folder{s} without pictures {were} left out: {files}.",
    "equal_copies": "{count} picture{s} {are} equal to another: {files}. Copies stay on one side"
    " of the division; they can be left out.",
    "few_pictures": "Fewer than {few} pictures in a class leave almost none to measure with:"
    " {files}. Add pictures, or train a network fully in folds: each picture is tested once then.",
    "grey_in_colour": "All pictures are grey, {count} of them saved in colour: they are read as"
    " grey.",
    "loose_pictures": "{count} picture{s} outside all class folders {were} left out: {files}.",
    "mixed_colours": "{count} picture{s} {are} grey and the others in colour: {files}. All are"
    " read in colour.",
    "mixed_sizes": "The pictures have {count} different sizes. All come to one size.",
    "near_copies": "{count} picture{s} nearly equal{v} another: {files}. They stay on one side"
    " of the division; they can be left out.",
    "no_label": "{count} picture{s} without a label {were} left out: {files}.",
    "no_picture": "{count} label{s} {are} of pictures that are not there: {files}.",
    "other_files": "{count} other file{s} {were} left out: {files}.",
    "other_folders": "{count} picture{s} in other folders than train, validation and test"
    " {were} left out: {files}.",
    "rotated": "{count} picture{s} {were} turned upright, as the camera noted: {files}.",
    "small_classes_left_out": "{count} class{es} with too few pictures {were} left out: {files}.",
    "several_frames": "{count} file{s} {have} several frames; the first is taken: {files}.",
    "sixteen_bit": "{count} picture{s} {have} 16 bits: grey levels are scaled over the range of"
    " all of them: {files}.",
    "tiny_pictures": "{count} picture{s} {are} so small that there is little to see: {files}."
    " All are enlarged.",
    "transparent": "{count} picture{s} {are} transparent, and {were} laid on the ground: {files}.",
    "unbalanced": "The classes are very unbalanced: {files}. Guessing the largest already looks"
    " accurate.",
    "unlabelled_test": "{count} test picture{s} without classes {were} left out: {files}.",
    "unlabelled_validation": "{count} validation picture{s} without classes {were} left out:"
    " {files}.",
    "wrong_extension": "{count} file{s} {are} of another format than the name says, which does"
    " not matter: {files}.",
}
_QUESTIONS = {
    "broken_files": "Some files cannot be read. Go on without them?",
    "class_from": "What names the class of a picture?",
    "code_page": "The names in the archive do not say how they are written. Which are right?",
    "label_column": "Which column names the class?",
    "labels": "Folders and files say different classes. Which hold?",
    "parts": "Are the folders train and test the parts of the set, or two classes?",
    "same_names": "Some names of classes differ by case or space only. Are they one class?",
    "small_classes": "Some classes have too few pictures to divide them. Leave them out?",
}
_OPTIONS = {
    ("broken_files", "leave_out"): "Go on without them",
    ("class_from", "folder"): "The folder in which it lies",
    ("class_from", "top"): "The first folder",
    ("class_from", "path"): "All folders of its path",
    ("class_from", "name"): "The beginning of its file's name",
    ("labels", "folders"): "The folders",
    ("parts", "parts"): "Parts of the set",
    ("parts", "classes"): "Two classes",
    ("same_names", "merge"): "One class each",
    ("same_names", "keep"): "Different classes",
    ("small_classes", "leave_out"): "Leave them out",
    ("small_classes", "keep"): "Keep them, though some cannot be measured",
}
FEW = 10
"""Fewer pictures in a class than this leave almost none to measure with."""
_NAMED = 3


def hint_of(code: str) -> str:
    """What to do about a fault; empty where nothing is known."""
    return HINTS.get(code, "")


def note_text(note: Note) -> str:
    """A note as a sentence that names the first few files."""
    one = note.count == 1
    named = ", ".join(note.files[:_NAMED])
    rest = "" if note.count <= _NAMED or len(note.files) <= _NAMED else ", …"
    words = {
        "s": "" if one else "s",
        "es": "" if one else "es",
        "ies": "y" if one else "ies",
        "v": "s" if one else "",
        "are": "is" if one else "are",
        "were": "was" if one else "were",
        "have": "has" if one else "have",
        "them": "it" if one else "them",
        "they": "it" if one else "they",
    }
    return _NOTES[note.code].format(count=f"{note.count:,}", files=named + rest, few=FEW, **words)


def question_text(question: Question) -> str:
    """A question as a sentence."""
    return _QUESTIONS[question.code]


def option_text(code: str, answer: str) -> str:
    """An option as people read it; the answer itself where it is a name."""
    return _OPTIONS.get((code, answer), answer)
