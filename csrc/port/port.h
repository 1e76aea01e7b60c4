/*
 * port.h - what a program of this folder (app.c, the example; harness.c, the measurement) and the
 * machine under it ask of each other. A port does no maths.
 */
#ifndef MLM_PORT_H
#define MLM_PORT_H

#include <stdint.h>

/* Attributes of the arena, where it needs some to come to lie in the right memory. */
#ifndef PORT_ARENA
#define PORT_ARENA
#endif

/* The program. Every port calls it once, when the machine is ready; the result is 0, an mlm_status or
 * another small number, and the exit status where there is such a thing. */
int port_main(void);

/* Writes text to the console: a serial line, a debugger, the emulator's host. */
void port_write(const char *text);

/* A counter that runs up and wraps at 2^32, and its frequency in Hz; 0 in an emulator, where time
 * means nothing. */
uint32_t port_ticks(void);
uint32_t port_ticks_per_second(void);

/* A counter of the core's own cycles, as DWT and CCOUNT are, which wraps at 2^32, and its frequency in Hz. For
 * the timing report alone; in an emulator port_ticks stands for it. */
uint32_t port_cycles(void);
uint32_t port_cycles_per_second(void);

/* What of clock and caches is not as the board's figures say, for a person; null where all is, or nothing
 * is known. */
const char *port_misconfigured(void);

/* Calls `tick` so many times a second: from an interrupt, or, where the machine has none, from
 * port_wait_until as fast as it goes. For a simulated sensor. */
void port_every(uint32_t times_a_second, void (*tick)(void));

/* Sleeps until is_ready, which it asks behind every interrupt. */
void port_wait_until(int (*is_ready)(void));

/* Most bytes of stack in use at once so far; 0 where the machine cannot tell. */
uint32_t port_stack_bytes(void);

#endif
