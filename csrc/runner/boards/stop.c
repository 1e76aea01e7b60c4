/* stop.c - where a board stays until it is reset: the runner never returns, and a fault has been named. */
#include "startup.h"

_Noreturn void machine_fault(void) {
    for (;;) __asm__ volatile("wfi");
}

_Noreturn void machine_exit(int status) {
    (void)status;
    machine_fault();
}
