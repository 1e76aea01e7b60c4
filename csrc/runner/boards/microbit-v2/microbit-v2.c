/*
 * microbit-v2.c - a BBC micro:bit v2: an nRF52833 at 64 MHz with its instruction cache on, and the serial line to the
 * interface chip. Compiled and checked as a format; neither on silicon nor in an emulator has it been.
 */
#include "dwt.h"
#include "port.h"
#include "startup.h"
#include "uart.h"

/* nRF52833 Product Specification 1.6, CLOCK: the crystal, without which the baud rate is off by a per cent. */
#define CLOCK_HFCLKSTART 0x40000000u
#define CLOCK_HFCLKSTARTED 0x40000100u
/* The same, NVMC. */
#define NVMC_ICACHECNF 0x4001E540u
#define NVMC_ICACHE_ON 1u

/* tech.microbit.org/hardware/schematic: UART_INT_RX is P0.06, UART_INT_TX is P1.08, as the interface chip sees them.
 * UART, BAUDRATE for 115200. */
enum { TRANSMIT_PIN = 6, RECEIVE_PIN = 32 + 8 };
#define BAUD_115200 0x01D60000u

enum { CORE_HZ = 64000000 };

void machine_init(void) {
    REGISTER(CLOCK_HFCLKSTART) = 1;
    while (REGISTER(CLOCK_HFCLKSTARTED) == 0) {
    }
    REGISTER(NVMC_ICACHECNF) = NVMC_ICACHE_ON;
    dwt_start();
    uart_init(TRANSMIT_PIN, RECEIVE_PIN, BAUD_115200);
}

uint32_t port_cycles(void) { return dwt_cycles(); }

uint32_t port_cycles_per_second(void) { return CORE_HZ; }

uint32_t machine_clock_hz(void) { return CORE_HZ; }

const char *port_misconfigured(void) {
    return REGISTER(NVMC_ICACHECNF) & NVMC_ICACHE_ON ? 0 : "the instruction cache is off";
}
