/**
 * Three-way merge of a record: as it was read, as edited here, as it is now.
 * @template {string} Field
 * @param {Record<Field, unknown>} read
 * @param {Record<Field, unknown>} mine
 * @param {Record<Field, unknown>} theirs
 * @param {readonly Field[]} fields
 * @returns {{ kept: Field[], conflicts: Field[] }} `kept` are the fields that only this
 *   user changed, `conflicts` those that both did, differently
 */
export function merge(read, mine, theirs, fields) {
  const wanted = fields.filter(
    (field) => mine[field] !== read[field] && mine[field] !== theirs[field],
  );
  return {
    kept: wanted.filter((field) => theirs[field] === read[field]),
    conflicts: wanted.filter((field) => theirs[field] !== read[field]),
  };
}
