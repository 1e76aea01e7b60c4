/* timed.c - see timed.h. */
#include "timed.h"

#include "mlm_inspect.h"
#include "port.h"
#include "print.h"
#include "report.h"

enum { FORMAT = 1 };

/* The counter is one of 32 bits: nothing that is timed at once may take longer than its turn. */
static uint64_t counted(uint32_t start) { return (uint32_t)(timed_counter() - start); }

static void step_until_done(timed_run *run) {
    mlm_step step;
    for (;;) {
        const uint32_t start = timed_counter();
        if (mlm_session_step(run->session, &step) != MLM_OK) return;
        run->operators[step.operator_index] += counted(start);
    }
}

static mlm_status step_through(timed_run *run) {
    mlm_session_reset(run->session);
    for (uint32_t at = 0; at < run->count; at += run->at_once) {
        const mlm_status status = mlm_session_feed(run->session, run->take(at), run->at_once);
        if (status != MLM_OK) return status;
        step_until_done(run);
    }
    const mlm_status status = mlm_session_feed_end(run->session);
    if (status == MLM_OK) step_until_done(run);
    return status;
}

static mlm_status run_whole(timed_run *run) {
    run->total = 0;
    mlm_session_reset(run->session);
    for (uint32_t at = 0; at < run->count; at += run->at_once) {
        const void *const inputs = run->take(at);
        const uint32_t start = timed_counter();
        const mlm_status status = mlm_session_push(run->session, inputs, run->at_once);
        if (status != MLM_OK) return status;
        run->total += counted(start);
    }
    const uint32_t start = timed_counter();
    const mlm_status status = mlm_session_finish(run->session, 0);
    run->total += counted(start);
    return status;
}

mlm_status timed_measure(timed_run *run) {
    const mlm_status status = run_whole(run);
    run->frames = mlm_session_frames(run->session);
    return status == MLM_OK ? step_through(run) : status;
}

static void print_pair(const char *name, uint64_t number) {
    port_write(name);
    print_number(number);
    port_write("\n");
}

static void print_conditions(const timed_conditions *conditions) {
    print_pair("mambalite-timing", FORMAT);
    report_line("core", MLM_VERSION_STRING);
    report_line("board", conditions->board);
    report_line("model", conditions->model);
    print_pair("tile", conditions->tile);
    if (conditions->clock_hz == 0) {
        report_line("counter", "instructions");
    } else {
        report_line("counter", "cycles");
        print_pair("clock", conditions->clock_hz);
    }
    report_line("state", conditions->wrong ? conditions->wrong : "as planned");
    report_line("weights", conditions->weights);
    report_line("arena", conditions->arena);
}

void timed_print(const timed_conditions *conditions, const timed_run *run) {
    print_conditions(conditions);
    print_pair("frames", run->frames);
    for (uint32_t i = 0; i < run->operator_count; i++) {
        port_write("operator");
        print_number(i);
        print_number(timed_as_reported(run->operators[i]));
        port_write("\n");
    }
    print_pair("total", timed_as_reported(run->total));
    port_write("end\n");
}
