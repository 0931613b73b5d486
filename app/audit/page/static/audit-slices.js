// Slices of a file to import, cut between its rows, each as a file of its own.
const [QUOTE, COMMA, LINE_END] = [0x22, 0x2c, 0x0a];

export const isLines = (file) => /\.(jsonl|ndjson)$/i.test(file.name);

/**
 * Return the offsets after each row. In CSV, a cell that begins with a quote may contain
 * line ends; in any other, a quote is a character like others: 5" nail.
 */
function rowEnds(bytes, isCsv) {
  const ends = [];
  let [starts, quoted, open] = [true, false, false];
  for (let place = 0; place < bytes.length; place += 1) {
    const byte = bytes[place];
    if (byte === QUOTE && isCsv) {
      quoted ||= starts;
      open = quoted && !open;
    }
    starts = !open && (byte === COMMA || byte === LINE_END);
    quoted &&= !starts;
    if (byte === LINE_END && !open) ends.push(place + 1);
  }
  if (ends.at(-1) !== bytes.length) ends.push(bytes.length);
  return ends;
}

async function bytesOf(file) {
  const bytes = await file.arrayBuffer().catch(() => {
    throw new Error("The file can’t be read: close it in other programs, and choose it again.");
  });
  return new Uint8Array(bytes);
}

/**
 * Return the file as it is now, its number of rows, and slices of at most `size` rows,
 * with the offset of each slice's end and the rows that come before it.
 */
export async function slicesOf(file, size) {
  const bytes = await bytesOf(file);
  const ends = rowEnds(bytes, !isLines(file));
  const header = isLines(file) ? 0 : 1;
  const slices = [];
  for (let row = header; row < ends.length; row += size) {
    const start = row ? ends[row - 1] : 0;
    const end = ends[Math.min(row + size, ends.length) - 1];
    const parts = [bytes.subarray(0, header ? ends[0] : 0), bytes.subarray(start, end)];
    slices.push({ content: new Blob(parts), skipped: row - header, end });
  }
  return { content: new Blob([bytes]), slices, rows: ends.length - header };
}
