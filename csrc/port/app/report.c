/* report.c - see report.h. */
#include "report.h"

#include "mlm_inspect.h"
#include "port.h"
#include "print.h"

void report_line(const char *name, const char *text) {
    port_write(name);
    port_write(" ");
    port_write(text);
    port_write("\n");
}

void report_amount(const char *name, uint64_t amount, const char *unit) {
    port_write(name);
    print_number(amount);
    port_write(" ");
    port_write(unit);
    port_write("\n");
}

void report_configuration(void) {
    const uint32_t wrong = mlm_configuration();
    const char *const machine = port_misconfigured();
    if (wrong & MLM_FLUSHES_SUBNORMALS)
        report_line("configuration", "the FPU flushes subnormals to zero");
    if (wrong & MLM_FUSES) report_line("configuration", "compiled without -ffp-contract=off");
    if (wrong & MLM_ROUNDS_OTHERWISE)
        report_line("configuration", "the FPU does not round to the nearest");
    if (machine) report_line("configuration", machine);
    if (!wrong && !machine) report_line("configuration", "as it should be");
}

void report_class(const char *name, const mlm_model *model, uint32_t label) {
    port_write(name);
    print_number(label);
    port_write(" ");
    print_escaped(mlm_label(model, label));
    port_write("\n");
}

void report_ticks(const char *name, uint64_t ticks) {
    const uint64_t per_second = port_ticks_per_second();
    if (per_second == 0) {
        report_line(name, "not known: an emulator has no clock");
        return;
    }
    report_amount(name, ticks, "ticks of the clock");
    report_amount("clock", per_second, "Hz");
    report_amount(name, ticks * (uint64_t)1000000 / per_second, "microseconds");
}

void report_memory(uint32_t arena_bytes) {
    report_amount("arena", arena_bytes, "bytes");
    const uint32_t stack = port_stack_bytes();
    if (stack != 0) report_amount("stack", stack, "bytes at most so far");
}
