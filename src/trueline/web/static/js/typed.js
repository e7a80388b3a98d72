// What a reader has typed into a form, and has not sent, outlasts a page that is renewed.
const changed = (field) => {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName !== "SELECT") return field.defaultValue !== undefined && field.value !== field.defaultValue;
  const first = [...field.options].findIndex((option) => option.defaultSelected);
  return field.selectedIndex !== Math.max(0, first);
};

/** The forms in which something is typed. */
export const typedIn = (main) => [...main.querySelectorAll("form")].filter((form) => [...form.elements].some(changed));

/** Each of these forms with the one that takes its place in a page made anew; null where it has none. */
export function counterparts(forms, made) {
  const like = (form) => (other) => other.method === form.method && other.getAttribute("action") === form.getAttribute("action");
  return forms.map((form) => {
    const place = [...document.querySelectorAll("form")].filter(like(form)).indexOf(form);
    return [form, [...made.querySelectorAll("form")].filter(like(form))[place] ?? null];
  });
}
