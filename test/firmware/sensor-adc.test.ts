/**
 * The STM32H743's converter, its C on this machine over registers that are made up: the timer's pace for any rate, and
 * halves of whole lines of the cache for any hop. What the chip makes of it is not known here.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildFolder, root } from "./support.js";

const CORE_HZ = 480_000_000;
const TIMER_HZ = CORE_HZ / 2;
const hasCompiler = spawnSync("cc", ["--version"]).status === 0;

const STARTUP = `#include <stdint.h>
#define REGISTER(address) (*made_up(address))
volatile uint32_t *made_up(uint32_t address);
uint32_t machine_clock_hz(void);
`;

const MAIN = `#include <stdio.h>
#include "sensor-adc.c"
static volatile uint32_t psc, arr, other;
volatile uint32_t *made_up(uint32_t address) {
    return address == TIM6_PSC ? &psc : address == TIM6_ARR ? &arr : &other;
}
uint32_t machine_clock_hz(void) { return ${CORE_HZ}u; }
void sensor_put(const sensor_value *inputs, uint32_t count) { (void)inputs, (void)count; }
int main(void) {
    start_timer();
    printf("%u %u %d\\n", psc, arr, HALF);
    return 0;
}
`;

const format = (rateHz: number, portion: number) => `#include <stdint.h>
typedef int16_t sensor_value;
#define SENSOR_WIDTH 1u
#define SENSOR_RATE_HZ ${rateHz}u
#define SENSOR_PORTION ${portion}u
#define SENSOR_RING_INPUTS 2048u
`;

test.skipIf(!hasCompiler).each([
  [16_000, 160, 160],
  [44_100, 441, 448],
  [2_000, 20, 32],
  [100, 1, 16],
])("%i Hz in portions of %i", (rateHz, portion, half) => {
  const folder = buildFolder(`adc-${rateHz}`);
  mkdirSync(folder, { recursive: true });
  const source = (path: string) => readFileSync(join(root, "csrc/port", path), "utf8");
  const barrier = '__asm__ volatile("dsb" ::: "memory");';
  expect(source("stm32h7/sensor-adc.c")).toContain(barrier);
  const files = {
    "sensor-adc.c": source("stm32h7/sensor-adc.c").replace(barrier, ""),
    "stm32h743-clock.h": source("stm32h7/stm32h743-clock.h"),
    "sensor.h": source("app/sensor.h"),
    "sensor_format.h": format(rateHz, portion),
    "startup.h": STARTUP,
    "main.c": MAIN,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  execFileSync("cc", ["-std=c11", "-o", "adc", "main.c"], { cwd: folder });
  const said = execFileSync(join(folder, "adc"), { encoding: "utf8" });
  const [divider, period, samples] = said.trim().split(" ").map(Number) as [number, number, number];
  for (const register of [divider, period]) expect(register).toBeLessThan(2 ** 16);
  const hz = TIMER_HZ / ((divider + 1) * (period + 1));
  expect(Math.abs(hz / rateHz - 1)).toBeLessThan(2e-4);
  expect(samples).toBe(half);
});
