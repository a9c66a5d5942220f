// Sends a form once, however often its button is pressed.
for (const form of document.querySelectorAll("#content-main form")) {
  const buttons = [...form.querySelectorAll("[type=submit]")];
  form.addEventListener("submit", () => setTimeout(() => buttons.forEach((b) => (b.disabled = true))));
  addEventListener("pageshow", (event) => event.persisted && buttons.forEach((b) => (b.disabled = false)));
}

// Says before the upload what the server would refuse after it.
const file = document.querySelector("input[type=file][data-most]");
if (file) {
  const note = document.getElementById("too-large");
  const submit = file.form.querySelector("[type=submit]");
  const megabytes = (bytes) => Math.ceil(bytes / 1024 / 1024).toLocaleString("en");
  file.addEventListener("change", () => {
    const most = Number(file.dataset.most);
    const size = file.files.length ? file.files[0].size : 0;
    note.hidden = submit.disabled = false;
    note.hidden = size <= most;
    submit.disabled = size > most;
    note.textContent = note.hidden
      ? ""
      : `This file has ${megabytes(size)} MB; ${megabytes(most)} MB can be imported here. Use the command below for it.`;
  });
}
