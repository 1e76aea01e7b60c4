/* machine.c - a port for any machine with a C library: what to replace when making one for a board. */
#include <stdio.h>
#include <time.h>

#include "port.h"

void port_write(const char *text) { fputs(text, stdout); }

uint32_t port_ticks(void) { return (uint32_t)clock(); }

const char *port_misconfigured(void) { return 0; }

uint32_t port_ticks_per_second(void) { return CLOCKS_PER_SEC; }

uint32_t port_cycles(void) { return port_ticks(); }

uint32_t port_cycles_per_second(void) { return port_ticks_per_second(); }

uint32_t port_stack_bytes(void) { return 0; }

/* Without interrupts a tick is called where the program waits for one. */
static void (*waiting_tick)(void);

void port_every(uint32_t times_a_second, void (*tick)(void)) {
    (void)times_a_second;
    waiting_tick = tick;
}

void port_wait_until(int (*is_ready)(void)) {
    while (!is_ready()) waiting_tick();
}

int main(void) { return port_main(); }
