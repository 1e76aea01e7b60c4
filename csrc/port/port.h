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

/* Most bytes of stack in use at once so far; 0 where the machine cannot tell. */
uint32_t port_stack_bytes(void);

#endif
