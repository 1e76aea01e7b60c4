/* machine.c - a port for any machine with a C library: what to replace when making one for a board. */
#include <stdio.h>
#include <time.h>

#include "port.h"

void port_write(const char *text) { fputs(text, stdout); }

uint32_t port_ticks(void) { return (uint32_t)clock(); }

uint32_t port_ticks_per_second(void) { return CLOCKS_PER_SEC; }

uint32_t port_stack_bytes(void) { return 0; }

int main(void) { return port_main(); }
