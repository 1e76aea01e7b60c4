/*
 * microbit.c - a BBC micro:bit v1: an nRF51822 at 16 MHz, whose TIMER0 counts as fast as the core runs, and the serial
 * line to the interface chip. Runs in QEMU's microbit; on silicon it has not been.
 */
#include "port.h"
#include "runner_board.h"
#include "startup.h"
#include "uart.h"

/* nRF51 Series Reference Manual 3.0, 12: the crystal, without which the baud rate is off by a per cent. */
#define CLOCK_HFCLKSTART 0x40000000u
#define CLOCK_HFCLKSTARTED 0x40000100u

/* The same, 18: TIMER0 has 32 bits, and counts up at 16 MHz where the prescaler is 0. */
#define TIMER_START 0x40008000u
#define TIMER_CAPTURE 0x40008040u
#define TIMER_BITMODE 0x40008508u
#define TIMER_BITMODE_32 3u
#define TIMER_PRESCALER 0x40008510u
#define TIMER_CAPTURED 0x40008540u

/* tech.microbit.org/hardware/1-5-revision: TGT_TX and TGT_RX. nRF51, 29.10: BAUDRATE for 115200. */
enum { TRANSMIT_PIN = 24, RECEIVE_PIN = 25 };
#define BAUD_115200 0x01D7E000u

enum { CORE_HZ = 16000000 };

void machine_init(void) {
    REGISTER(CLOCK_HFCLKSTART) = 1;
    while (REGISTER(CLOCK_HFCLKSTARTED) == 0) {
    }
    REGISTER(TIMER_BITMODE) = TIMER_BITMODE_32;
    REGISTER(TIMER_PRESCALER) = 0;
    REGISTER(TIMER_START) = 1;
    uart_init(TRANSMIT_PIN, RECEIVE_PIN, BAUD_115200);
}

uint32_t port_cycles(void) {
    REGISTER(TIMER_CAPTURE) = 1;
    return REGISTER(TIMER_CAPTURED);
}

uint32_t port_cycles_per_second(void) { return CORE_HZ; }

uint32_t machine_clock_hz(void) { return CORE_HZ; }

const char *port_misconfigured(void) { return 0; }

/* A turn is SUBS and a branch that is taken: 1 and 3 cycles (Arm DDI 0432, 3.3), from flash that takes no wait states. */
int board_counts_cycles(uint32_t counted, uint32_t turns) {
    return counted > turns * 7 / 2 && counted < turns * 9 / 2;
}

/* 256 ns an instruction, 62.5 ns a tick. */
uint64_t board_instructions(uint64_t counts) { return (counts * 125 + 256) / 512; }
