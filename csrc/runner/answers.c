/* answers.c - see answers.h. */
#include "answers.h"

#include <string.h>

#include "console.h"
#include "port.h"
#include "print.h"
#include "report.h"
#include "startup.h"

enum { PROTOCOL = 1, LABEL_BYTES = 64 };

void answer_board(void) {
    console_number("mambalite-runner", PROTOCOL);
    report_line("runner", RUNNER_BOARD);
    report_line("core", MLM_VERSION_STRING);
    report_configuration();
    console_number("clock", machine_clock_hz());
}

void answer_model(const loaded *model) {
    if (model == 0) {
        report_line("model", "none");
        return;
    }
    port_write("model");
    print_bits(model->info.crc32);
    port_write("\n");
}

void answer_status(const char *wrong) { report_line("status", wrong ? wrong : "ok"); }

/* The payload's labels come before the blob's own. */
static void print_label(const loaded *model, uint32_t index) {
    char label[LABEL_BYTES];
    const char *name = payload_label(&model->from, index, label, sizeof label);
    if (*name == '\0') name = mlm_label(&model->model, index);
    if (*name == '\0') return;
    port_write(" ");
    print_escaped(name);
}

void answer_class(const loaded *model, int is_example) {
    if (model->class_floats == 0) {
        report_line("class", "none: no output of the model is a vector");
        return;
    }
    port_write("class");
    const uint32_t index = loaded_class(model);
    print_number(index);
    print_label(model, index);
    port_write(is_example ? " (example)\n" : "\n");
    port_write("logits");
    for (uint32_t i = 0; i < model->vector_floats; i++) {
        uint32_t bits;
        memcpy(&bits, model->vectors + i, sizeof bits);
        print_bits(bits);
    }
    port_write("\n");
}

void answer_memory(const loaded *model) {
    port_write("arena");
    print_number(model->arena_bytes);
    port_write(" of");
    print_number(RUNNER_ARENA_BYTES);
    port_write(" high");
    print_number(model->high_water);
    port_write("\n");
    console_number("stack", port_stack_bytes());
}
