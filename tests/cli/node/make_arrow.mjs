// A stream that knows nothing of arena-shm: `make_arrow.mjs FILE`, of plain columns; with `texts`, one of texts.
import { writeFileSync } from "node:fs";
import * as arrow from "apache-arrow";

const [path, kind] = process.argv.slice(2);
const columns = {
  t: arrow.vectorFromArray([1n, -2n, 3n], new arrow.Int64()),
  half: arrow.vectorFromArray([1.5, -0.25, 65504], new arrow.Float16()),
  x: arrow.vectorFromArray([0.1, null, 3], new arrow.Float64()),
  ok: arrow.vectorFromArray([true, false, true], new arrow.Bool()),
  pair: arrow.vectorFromArray([[1, 2], [3, 4], [5, 6]], new arrow.FixedSizeList(2, new arrow.Field("item", new arrow.Int16()))),
};
if (kind === "texts") columns.name = arrow.vectorFromArray(["a", "bc", "d"], new arrow.Utf8());
if (kind === "nulls") columns.n = arrow.vectorFromArray([1, null, 3], new arrow.Int32());
writeFileSync(path, arrow.tableToIPC(new arrow.Table(columns), "stream"));
