// Start Swagger UI. In a file, because the Content-Security-Policy forbids inline scripts.
const dark = matchMedia("(prefers-color-scheme: dark)");
const setMode = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", setMode);
setMode();

const container = document.getElementById("swagger");
SwaggerUIBundle({
  url: container.dataset.document,
  domNode: container,
  deepLinking: true,
  displayRequestDuration: true,
  // The default sends the document to an online validator.
  validatorUrl: null,
});
