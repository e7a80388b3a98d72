// "Send" on the API page: the request as written in the form, the answer as it came.
"use strict";
/** An address with a place in it opens what stands there. */
const unfold = () => {
  const named = document.getElementById(location.hash.slice(1));
  if (named?.matches("details")) { named.open = true; named.scrollIntoView(); }
};
addEventListener("hashchange", unfold);
unfold();
for (const form of document.querySelectorAll("form.try")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = form.querySelector(".answer");
    const code = answer.querySelector("code");
    answer.hidden = false;
    code.textContent = "…";
    let path = form.dataset.path;
    const query = new URLSearchParams();
    for (const input of form.querySelectorAll("input[name]")) {
      if (input.dataset.in === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
      else if (input.value !== "") query.set(input.name, input.value);
    }
    const options = { method: form.dataset.method, headers: {} };
    const body = form.querySelector("textarea");
    if (body) { options.body = body.value; options.headers["Content-Type"] = "application/json"; }
    try {
      const response = await fetch(path + (query.size ? `?${query}` : ""), options);
      const text = await response.text();
      let shown = text;
      try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it is */ }
      code.textContent = `${response.status} ${response.statusText}\n${shown}`;
    } catch (error) {
      code.textContent = `The server did not answer: ${error.message}`;
    }
  });
}
