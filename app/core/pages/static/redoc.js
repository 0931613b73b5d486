// Starts ReDoc, with the fonts of the reader's own system.
const place = document.getElementById("redoc");
const fontFamily = getComputedStyle(document.body).fontFamily;
const mono = getComputedStyle(document.body).getPropertyValue("--mono");
Redoc.init(
  place.dataset.document,
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
  place,
);
