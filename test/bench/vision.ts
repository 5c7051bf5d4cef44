/**
 * The figures of the vision steps; `--help` says more. Prints tables; writes JSON and a page only where it is told to.
 *
 *   node test/bench/vision.ts [--data DIR] [--only PART] …
 */
import { writeFile } from 'node:fs/promises';
import { measureAll } from './vision/measure-all.ts';
import { type Options, readOptions, usage } from './vision/options.ts';
import { pageOf } from './vision/page.ts';
import { tablesOf } from './vision/report.ts';
import { textOf } from './vision/table.ts';

function optionsOrExit(): Options {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options) return options;
    process.stdout.write(usage);
    process.exit();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

const options = optionsOrExit();
const { report, pictures } = await measureAll(options);
const tables = tablesOf(report);
const heading = [report.machine, report.segmentationModel, report.upscaler, report.half ?? '']
  .filter(Boolean)
  .join(' · ');
console.log([heading, ...tables.map(textOf)].join('\n\n'));
if (options.json) await writeFile(options.json, `${JSON.stringify(report, undefined, 1)}\n`);
if (options.html)
  await writeFile(options.html, await pageOf(tables, pictures, { heading, ofPeople: options.data !== undefined }));
