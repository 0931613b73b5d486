// Start ReDoc with the page's fonts, and its colours, which follow the system's scheme.
const container = document.getElementById("redoc");
const style = getComputedStyle(document.body);
const color = (name) => style.getPropertyValue(`--${name}`);
const isDark = matchMedia("(prefers-color-scheme: dark)");
const ink = color("ink");
const fontFamily = style.fontFamily;

Redoc.init(
  container.dataset.document,
  {
    theme: {
      colors: {
        primary: { main: color("accent") },
        text: { primary: ink, secondary: color("faded") },
        border: { dark: color("line"), light: color("line") },
        ...(isDark.matches && {
          gray: { 50: color("sheet"), 100: color("line") },
          success: { main: color("accent") },
          error: { main: color("alarm") },
        }),
      },
      schema: {
        nestedBackground: color("sheet"),
        linesColor: color("line"),
        typeNameColor: color("faded"),
        typeTitleColor: color("faded"),
        requireLabelColor: color("alarm"),
      },
      typography: {
        fontSize: "15px",
        fontFamily,
        headings: { fontFamily },
        code: { fontFamily: color("mono"), color: color("alarm"), backgroundColor: color("sheet") },
        links: { color: color("accent") },
      },
      sidebar: { backgroundColor: color("sheet"), textColor: ink },
      rightPanel: { backgroundColor: "#10211a" },
      codeBlock: { backgroundColor: "#0a1712" },
    },
  },
  container,
);

// ReDoc reads its theme only once.
isDark.addEventListener("change", () => location.reload());
