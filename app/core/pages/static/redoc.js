// Start ReDoc with the page's fonts and colours.
const container = document.getElementById("redoc");
const fontFamily = getComputedStyle(document.body).fontFamily;
const mono = getComputedStyle(document.body).getPropertyValue("--mono");
Redoc.init(
  container.dataset.document,
  {
    theme: {
      colors: { primary: { main: "#0b6b4b" } },
      typography: {
        fontSize: "15px",
        fontFamily,
        headings: { fontFamily },
        code: { fontFamily: mono },
      },
      sidebar: { backgroundColor: "#fcfefc" },
      rightPanel: { backgroundColor: "#10211a" },
      codeBlock: { backgroundColor: "#0a1712" },
    },
  },
  container,
);
