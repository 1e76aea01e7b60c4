/*
 * unhandled.c - names the exception or interrupt that has no handler, before the program ends for it.
 * Knows the same list as vectors.c.
 */
#include <stdint.h>

#include "port.h"
#include "print.h"
#include "startup.h"

/* Names without their "_Handler" or "_IRQHandler" in the order of the table, each with its NUL. */
#define INTERRUPT(position, name) #name "\0"
#define RESERVED(position) "\0"
static const char names[] =
    "\0\0NMI\0HardFault\0MemManage\0BusFault\0UsageFault\0\0\0\0\0SVC\0DebugMon\0\0PendSV\0SysTick\0"
#include MACHINE_INTERRUPTS
    ;

enum { FIRST_INTERRUPT = 16 };

static const char *name_of(uint32_t exception) {
    const char *name = names;
    for (; exception > 0; exception--)
        while (*name++ != '\0') {
        }
    return name;
}

void report_unhandled(uint32_t exception) {
    port_write("unhandled: ");
    port_write(name_of(exception));
    port_write(exception < FIRST_INTERRUPT ? "_Handler, exception" : "_IRQHandler, exception");
    print_number(exception);
    port_write("\n");
}
