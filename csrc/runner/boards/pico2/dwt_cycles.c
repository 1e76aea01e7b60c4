/* dwt_cycles.c - cycles by DWT, for rp2.c. */
#include "core_cycles.h"
#include "dwt.h"
#include "port.h"

void cycles_start(void) { dwt_start(); }

uint32_t port_cycles(void) { return dwt_cycles(); }
