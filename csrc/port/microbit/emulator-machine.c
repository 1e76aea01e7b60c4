/*
 * emulator-machine.c - QEMU's microbit, an nRF51 (Cortex-M0): a timer that, under -icount shift=8,
 * counts instructions. Its flash is not written by stores, and its core has no memory protection.
 */
#include "emulator.h"
#include "port.h"
#include "startup.h"

/* TIMER0 (nRF51 Series Reference Manual, 18), which counts up at 16 MHz where the prescaler is 0. */
#define TIMER_START 0x40008000u
#define TIMER_CAPTURE 0x40008040u
#define TIMER_BITMODE 0x40008508u
#define TIMER_BITMODE_32 3u
#define TIMER_PRESCALER 0x40008510u
#define TIMER_CAPTURED 0x40008540u

void machine_init(void) {
    REGISTER(TIMER_BITMODE) = TIMER_BITMODE_32;
    REGISTER(TIMER_PRESCALER) = 0;
    REGISTER(TIMER_START) = 1;
}

uint32_t port_ticks(void) {
    REGISTER(TIMER_CAPTURE) = 1;
    return REGISTER(TIMER_CAPTURED);
}

uint32_t machine_clock_hz(void) { return 16000000; }

/* 256 ns an instruction (-icount shift=8), 62.5 ns a tick. */
uint64_t emulator_instructions(uint64_t ticks) { return (ticks * 125 + 256) / 512; }
