// Slices of a file to import, cut between its rows, each as a file of its own.
const [QUOTE, COMMA, LINE_END] = [0x22, 0x2c, 0x0a];

export const isLines = (file) => /\.(jsonl|ndjson)$/i.test(file.name);

/** Return the offsets after each row. In CSV, a cell that begins with a quote may contain line ends. */
function rowEnds(bytes, quoted) {
  const ends = [];
  let [open, closed, start] = [false, -1, 0];
  for (let place = 0; place < bytes.length; place += 1) {
    const byte = bytes[place];
    if (quoted && byte === QUOTE) {
      if (open) closed = place;
      open = !open && (place === start || place === closed + 1); // or it is text
    } else if (!open && (byte === COMMA || byte === LINE_END)) {
      start = place + 1;
      if (byte === LINE_END) ends.push(start);
    }
  }
  if (ends.at(-1) !== bytes.length) ends.push(bytes.length);
  return ends;
}

/** Return slices of at most `size` rows, and by how much the server's row numbers differ. */
export async function slicesOf(file, size) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const ends = rowEnds(bytes, !isLines(file));
  const header = isLines(file) ? 0 : 1;
  const slices = [];
  for (let row = header; row < ends.length; row += size) {
    const start = row ? ends[row - 1] : 0;
    const end = ends[Math.min(row + size, ends.length) - 1];
    const parts = [bytes.subarray(0, header ? ends[0] : 0), bytes.subarray(start, end)];
    slices.push({ content: new Blob(parts), skipped: row - header, end });
  }
  return { slices, rows: ends.length - header };
}
