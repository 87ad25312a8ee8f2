// A place where a file may be dropped; it has the class `over` while one is held above it.

/**
 * @param {HTMLElement} place
 * @param {(files: FileList) => void} take is given at least one
 */
export function takesFiles(place, take) {
  const over = (event, is) => {
    event.preventDefault();
    place.classList.toggle("over", is);
  };
  for (const name of ["dragenter", "dragover"])
    place.addEventListener(name, (event) => over(event, true));
  for (const name of ["dragleave", "drop"])
    place.addEventListener(name, (event) => over(event, false));
  place.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
  });
}
