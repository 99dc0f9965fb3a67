// Reads the steps of each day out of Apple's health export, on the phone: the archive's directory, its one large file as a
// stream, and of that only the records of steps. Phone and watch count the same steps: of each day the larger count holds.

const RECORD = /<Record\b[^>]*\btype="HKQuantityTypeIdentifierStepCount"[^>]*>/g;
const LONGEST = 4_000; // characters of a record
const MOST = 200_000; // steps of a day
const END = 0x06054b50;
const ENTRY = 0x02014b50;

/** Steps by day, the latest two years: a list of [date, steps]. */
export async function stepsOf(file) {
  const stream = file.name?.endsWith(".xml") ? file.stream() : await exportIn(file);
  const bySource = new Map();
  let rest = "";
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    const text = rest + (value ?? "");
    let end = 0;
    for (const found of text.matchAll(RECORD)) {
      end = found.index + found[0].length;
      count(found[0], bySource);
    }
    if (done) break;
    rest = text.slice(Math.max(end, text.length - LONGEST));
  }
  const days = new Map();
  for (const [key, steps] of bySource) {
    const date = key.slice(0, 10);
    days.set(date, Math.min(MOST, Math.max(days.get(date) ?? 0, Math.round(steps))));
  }
  if (!days.size) throw new Error("no steps in it");
  return [...days].sort().slice(-731);
}

function count(record, bySource) {
  const of = (name) => record.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1];
  const date = of("startDate")?.slice(0, 10);
  const value = Number(of("value"));
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date ?? "") || !(value >= 0)) return;
  const key = `${date} ${of("sourceName") ?? ""}`;
  bySource.set(key, (bySource.get(key) ?? 0) + value);
}

/** The stream of `export.xml` in the archive, found by its central directory. */
async function exportIn(file) {
  const tail = new DataView(await file.slice(Math.max(0, file.size - 65_557)).arrayBuffer());
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END) end -= 1;
  if (end < 0) throw new Error("not an archive");
  const [size, start] = [tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  const directory = new DataView(await file.slice(start, start + size).arrayBuffer());
  for (let at = 0; at + 46 <= directory.byteLength && directory.getUint32(at, true) === ENTRY;) {
    const [nameLength, extraLength, noteLength] = [28, 30, 32].map((offset) => directory.getUint16(at + offset, true));
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, at + 46, nameLength));
    if (/(^|\/)export\.xml$/i.test(name)) return unpacked(file, directory, at);
    at += 46 + nameLength + extraLength + noteLength;
  }
  throw new Error("no export.xml in it");
}

async function unpacked(file, directory, at) {
  const [method, packed, header] = [directory.getUint16(at + 10, true), directory.getUint32(at + 20, true), directory.getUint32(at + 42, true)];
  const local = new DataView(await file.slice(header, header + 30).arrayBuffer());
  const begin = header + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  const content = file.slice(begin, begin + packed).stream();
  if (method === 0) return content;
  if (method !== 8) throw new Error("packed in a way that is not known");
  return content.pipeThrough(new DecompressionStream("deflate-raw"));
}
