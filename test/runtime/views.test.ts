import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildJob } from '../../engine/api/build-job.js';
import { collection } from '../../engine/connectors/collection.js';
import { job, type RowOf, type Stream, t, type View } from '../../engine/index.js';
import { StringCodec } from '../../engine/records/strings.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { fieldSpecs, isSameRow, randomRuns, rowsOf } from '../kit/random-rows.js';
import { failureOf } from '../kit/run-kit.js';

const views = suite('views in jobs');

const Reading = t.record({ id: t.int32, name: t.string, note: t.string, raw: t.bytes, at: t.timestamp });
type ReadingRow = RowOf<typeof Reading>;
type ReadingView = View<ReadingRow>;

const READINGS = Array.from({ length: 400 }, (_, id): ReadingRow => {
  return { id, name: `name ${id % 9}`, note: `${id}`.repeat(9), raw: Uint8Array.of(id), at: 1_000 * id };
});

/** Rows that came through an exchange. */
const arrived = (flow: { from(source: any): Stream<any> }): Stream<ReadingRow> =>
  flow.from(collection(READINGS, Reading)).rebalance().filter(() => true); // biome-ignore format: short

const byId = <R extends { id: number }>(rows: readonly R[]): R[] => [...rows].sort((a, b) => a.id - b.id);

const isPlain = (row: object): boolean => Object.getPrototypeOf(row) === Object.prototype;

views('rows of any fields come through functions on views as they do through plain objects', async () => {
  const cases = fieldSpecs
    .map((fields) => fields.filter(({ name }) => name !== '__proto__' && name !== 'constructor'))
    .filter((fields) => fields.length > 0)
    .chain((fields) => rowsOf(fields, 100).map((rows) => ({ fields, rows })));
  await fc.assert(
    fc.asyncProperty(cases, fc.boolean(), async ({ fields, rows }, isDeclared) => {
      const types = fields.map(({ name, kind, nullable }) => {
        const type = t[kind as 'string'];
        return [name, nullable ? t.nullable(type) : type] as const;
      });
      const Row = t.record(Object.fromEntries(types));
      let plain = 0;
      const rebuilt = (view: object): Record<string, any> => {
        if (isPlain(view)) plain++;
        return Object.fromEntries(fields.map(({ name }) => [name, view[name as never]]));
      };
      const { out } = await runInline(
        job('rebuilt', (flow) => {
          const read = flow.from(collection(rows, Row)).global();
          const first = isDeclared
            ? read.map(Row, rebuilt as never, { view: true })
            : read.map(rebuilt, { view: true });
          return { out: first.global().map(rebuilt, { view: true }).global().filter(() => true) }; // biome-ignore format: short
        }),
        { parallelism: 1 },
      );
      assert.is(out.length, rows.length);
      const isKept = rows.every((row, i) => isSameRow(kept(fields, row), out[i]!));
      assert.ok(isKept);
      // Of undeclared rows some travel packed: those are objects when they arrive.
      if (isDeclared) assert.is(plain, 0);
    }),
    randomRuns(40),
  );
});

/** What a declared row keeps. */
const kept = (fields: readonly { name: string; kind: string }[], row: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    fields.map(({ name, kind }) => {
      const value = row[name];
      return [name, kind === 'float32' && value !== null ? new Float32Array([value as number])[0] : value];
    }),
  );

views('only what is read of a view is decoded, and each time it is read', async () => {
  const { read, ofRun } = StringCodec.prototype;
  let decoded = 0;
  StringCodec.prototype.read = function (this: StringCodec, at, word) {
    decoded++;
    return read.call(this, at, word);
  };
  // Strings next to each other are read as one, and then cut.
  StringCodec.prototype.ofRun = function (this: StringCodec, ...given) {
    const after = decoded + 1;
    const text = ofRun.apply(this, given);
    decoded = after;
    return text;
  };
  const seen: string[] = [];
  const unproven = (row: { readonly id: number; readonly name: string }): boolean => {
    if (row.id % 10 === 0) seen.push(row.name, row.name);
    return false;
  };
  try {
    for (const [options, strings] of [
      [{ view: true }, 80],
      [undefined, 800],
    ] as const) {
      decoded = 0;
      const looking = job('looking', (flow) => {
        const rows = flow.from(collection(READINGS, Reading)).rebalance();
        const call = (row: ReadingView): boolean => unproven(row);
        return {
          out: options === undefined ? rows.filter((row) => unproven(row)) : rows.filter(call, options),
        };
      });
      await runInline(looking);
      assert.is(decoded, strings);
    }
  } finally {
    Object.assign(StringCodec.prototype, { read, ofRun });
  }
  assert.equal(seen.slice(0, 4), ['name 0', 'name 0', 'name 1', 'name 1']);
  assert.equal(seen.slice(0, 80), seen.slice(80));
});

views(
  'event time, filters and picks leave the bytes where they are; what was made here is a plain object',
  async () => {
    const kinds: Record<string, boolean[]> = {};
    const note =
      (name: string) =>
      (row: object): boolean => {
        kinds[name] = [...(kinds[name] ?? []), isPlain(row)];
        return isPlain(row) || Object.keys(row).length === 0;
      };
    const through = job('through', (flow) => {
      const rows = flow
        .from(collection(READINGS.slice(0, 5), Reading))
        .filter(note('source'), { view: true });
      const views = rows
        .rebalance()
        .eventTime('at')
        .filter(note('timed'), { view: true })
        .pick('name', 'id')
        .filter(note('picked'), { view: true });
      const grown = views.with({ twice: [t.int32, (row) => 2 * row.id] }, { view: true });
      const added = grown.filter(note('added'), { view: true });
      return { out: added.map(({ id }) => ({ id })).filter(note('made'), { view: true }) };
    });
    const { out } = await runInline(through);
    assert.equal(byId(out), [0, 1, 2, 3, 4].map((id) => ({ id }))); // biome-ignore format: short
    const all = (isIt: boolean): boolean[] => new Array<boolean>(5).fill(isIt);
    assert.equal(kinds, {
      source: all(true),
      timed: all(false),
      picked: all(false),
      added: all(true),
      made: all(true),
    });
  },
);

views('columns, emitted rows and rows of a generator are made from a view while it is good', async () => {
  const made = job('made', (flow) => {
    const rows = arrived(flow).rebalance();
    const long = (row: { name: string; note: string }): string => row.name + row.note;
    return {
      columns: rows.with({ long: [t.string, (row) => long(row)] }, { view: true }).pick('id', 'long'),
      emitted: rows.flatMap(
        (row, emit: (row: { id: number; long: string }) => void) => emit({ id: row.id, long: long(row) }),
        { view: true },
      ),
      lazily: rows.flatMap(
        function* (row): Generator<{ id: number; long: string }> {
          const { id } = row;
          if (id < 0) yield { id, long: '' };
          yield { id, long: long(row) };
          yield { id, long: long(row).slice(1) };
        },
        { view: true },
      ),
    };
  });
  const { columns, emitted, lazily } = await runInline(made, { parallelism: 2 });
  const expected = READINGS.map(({ id, name, note }) => ({ id, long: name + note }));
  assert.equal(byId(columns), expected);
  assert.equal(byId(emitted), expected);
  assert.equal(
    lazily.map(({ long }) => long).sort(),
    expected.flatMap(({ long }) => [long, long.slice(1)]).sort(),
  );
});

views(
  'a view that outlives its call is an error with the operator and its line, behind what was good',
  async () => {
    for (const [name, read] of [
      ['the next call', (old: ReadingView) => old.note],
      ['destructuring', ({ note }: ReadingView) => note],
      ['reflection', (old: ReadingView) => Reflect.get(old, 'note')],
    ] as const) {
      const keptViews: ReadingView[] = [];
      const good: number[] = [];
      const keeping = job('keeping', (flow) => ({
        out: arrived(flow)
          .rebalance()
          .filter(
            (row) => {
              keptViews.push(row);
              if (keptViews.length === 4) read(keptViews[1]!);
              good.push(row.id);
              return true;
            },
            { view: true },
          )
          .named('keep'),
      }));
      const error = await failureOf(runInline(keeping));
      assert.is(error.code, 'RECORD_VIEW_STALE', name);
      assert.match(
        error.message,
        /keep at .*views\.test\.\w+:\d+:\d+ .*'note' was read after.*at record \{"id":3/,
      );
      assert.is(error.detail['field'], 'note');
      assert.equal(good, [0, 1, 2]);
    }
  },
);

views('a view that a flatMap keeps is good until what it returned was iterated, and no longer', async () => {
  const keptViews: ReadingView[] = [];
  const read: number[] = [];
  const keeping = job('keeping', (flow) => ({
    out: arrived(flow)
      .rebalance()
      .flatMap(
        function* (row): Generator<{ id: number }> {
          for (const old of keptViews) read.push(old.id);
          keptViews.push(row);
          yield { id: row.id };
          read.push(row.id);
        },
        { view: true },
      ),
  }));
  const error = await failureOf(runInline(keeping));
  assert.is(error.code, 'RECORD_VIEW_STALE');
  assert.equal(read, [0]);
});

views(
  'a view can be neither returned nor emitted, nor changed, and a copy of it by spreading is empty',
  async () => {
    const anything = { view: true } as const;
    const Id = t.record({ id: t.int32 });
    const uses: Readonly<Record<string, (rows: Stream<ReadingRow>) => Stream<any>>> = {
      'map(schema)': (rows) => rows.map(Id, ((row: ReadingView) => row) as never, anything),
      map: (rows) => rows.map(((row: ReadingView) => row) as never, anything),
      emit: (rows) =>
        rows.flatMap(((row: ReadingView, emit: (row: unknown) => void) => emit(row)) as never, anything),
      'return of many': (rows) => rows.flatMap(((row: ReadingView) => [row]) as never, anything),
      'yield': (rows) => rows.flatMap((function* (row: ReadingView) { yield row; }) as never, anything), // biome-ignore format: short
    };
    for (const [name, use] of Object.entries(uses)) {
      const error = await failureOf(
        runInline(job('used', (flow) => ({ out: use(arrived(flow).rebalance()) }))),
      );
      assert.is(error.code, 'RECORD_VIEW_RETURNED', name);
      assert.match(error.message, /ap at .*views\.test.*returned a view.*at record \{"id":0/);
    }
    const changing = job('changing', (flow) => ({
      out: arrived(flow).rebalance().filter(((row: { id: number }) => (row.id = 1) > 0) as never, anything), // biome-ignore format: short
    }));
    assert.is((await failureOf(runInline(changing))).code, 'USER_FUNCTION_FAILED');
    const copies: unknown[] = [];
    const copying = job('copying', (flow) => ({
      out: arrived(flow).rebalance().filter((row) => copies.push({ ...row }, JSON.stringify(row)) > 0, anything), // biome-ignore format: short
    }));
    await runInline(copying);
    assert.equal(copies.slice(0, 2), [{}, '{}']);
  },
);

views(
  'options that are none are refused with the line where they stand, and the plan says who gets views',
  () => {
    for (const options of [{ view: 1 }, { views: true }, 'view', null]) {
      const built = job('wrong', (flow) => ({ out: arrived(flow).filter(() => true, options as never) }));
      assert.throws(
        () => buildJob(built),
        /ARGUMENT_INVALID.*views\.test.*the options are \{ view: true \} or none/,
      );
    }
    const built = buildJob(
      job('right', (flow) => ({ out: arrived(flow).filter((row) => row.id > 0, { view: true }) })),
    );
    assert.equal(built.plan.operators.at(-2)!.config, { kind: 'filter', observed: ['id'], view: true });
  },
);

views.run();
