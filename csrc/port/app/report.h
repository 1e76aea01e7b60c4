/* report.h - what the programs of this folder print: lines of a name and what it is. */
#ifndef MLM_REPORT_H
#define MLM_REPORT_H

#include "mlm.h"

void report_line(const char *name, const char *text);
void report_amount(const char *name, uint64_t amount, const char *unit);
/* What of FPU, flags, clock and caches is not as it must be, a line each. */
void report_configuration(void);
/* "class 3 stop" */
void report_class(const char *name, const mlm_model *model, uint32_t label);
/* Ticks of port_ticks as time; says so where the machine has no clock. */
void report_ticks(const char *name, uint64_t ticks);
/* Bytes of the session's or detector's memory; the deepest stack so far. */
void report_memory(uint32_t arena_bytes);

#endif
