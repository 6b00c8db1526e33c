// Calls the ServiceNow side from this page, as a browser that has Kibana open does, and shows what the browser lets
// through.
"use strict";

const form = document.getElementById("cors");
const output = document.getElementById("cors-result");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  output.textContent = "…";
  const values = new FormData(form);
  const headers = {};
  if (values.get("user")) {
    headers.Authorization = `Basic ${btoa(`${values.get("user")}:${values.get("password")}`)}`;
  }
  try {
    const response = await fetch(values.get("instance") + values.get("path"), {
      method: values.get("method"),
      headers,
    });
    output.textContent = `allowed: status ${response.status}\n${await response.text()}`;
  } catch (error) {
    output.textContent = `blocked by the browser: ${error.message}`;
  }
});

// "#send&password=…" sends at once; what follows "#" stays in the browser.
const given = new URLSearchParams(location.hash.slice(1));
if (given.has("send")) {
  form.elements.password.value = given.get("password") ?? "";
  form.requestSubmit();
}
