/** Says what is spoken in a mono WAV or FLAC file of one second at 16 kHz: node classify.mjs [FILE] */
import { readFile } from "node:fs/promises";
import { argv } from "node:process";
import { classify, Engine, openModel } from "mambalite-micro";
import { readAudio } from "mambalite-micro/audio";
import { BUNDLED_MODELS } from "mambalite-micro/models";

const { blob, examples } = BUNDLED_MODELS.find(({ name }) => name === "kws");
const engine = await Engine.load();
const { model } = await openModel(engine, await readFile(blob));
const samples = readAudio(await readFile(argv[2] ?? examples[0].url), model.info.sampleRateHz);
const session = model.createSession();
const [best] = classify(session.run(samples), model.labels);
const { arenaBytes } = model.plan();
console.log(`${best.label}, ${(100 * best.probability).toFixed(1)} %; a board needs ${arenaBytes} bytes of RAM`);
session.dispose();
model.dispose();
