/* timing_run.c - see timing_run.h. */
#include "timing_run.h"

#include <string.h>

#include "counter.h"
#include "port.h"
#include "text.h"
#include "timed.h"

enum { CRC_BYTES = 9 };

static const unsigned char *example;
static uint32_t input_bytes;

/* The example lies in flash as the model takes it. */
static const void *take_example(uint32_t first) { return example + (size_t)first * input_bytes; }

uint32_t timed_counter(void) { return port_cycles(); }
uint64_t timed_as_reported(uint64_t counts) { return counter_reported(counts); }

/* Whole tiles of the example, for a hundred frames or as many as the model is defined for. */
static void choose_inputs(timed_run *run, const loaded *model) {
    const mlm_model_info *info = &model->info;
    const mlm_options *options = &model->from.options;
    const uint32_t a_frame = info->hop_samples ? info->hop_samples : 1;
    const uint32_t tile = options->tile ? options->tile : options->max_frames;
    const uint32_t there = model->from.example_values / info->input_width;
    const uint32_t overlap = info->hop_samples ? info->window_samples - info->hop_samples : 0;
    const uint32_t frames =
        info->min_frames > TIMED_MOST_FRAMES ? info->min_frames : TIMED_MOST_FRAMES;
    const uint64_t most = (uint64_t)frames * a_frame + overlap;
    const uint64_t a_tile = (uint64_t)tile * a_frame;
    const uint32_t count = most < there ? (uint32_t)most : there;
    run->at_once = a_tile < count ? (uint32_t)a_tile : count;
    run->count = run->at_once ? count - count % run->at_once : 0;
}

static void write_crc(char *crc, uint32_t value) {
    for (int digit = 0; digit < CRC_BYTES - 1; digit++)
        crc[digit] = "0123456789abcdef"[value >> (28 - 4 * digit) & 15u];
    crc[CRC_BYTES - 1] = '\0';
}

/* The build says what of it is not as estimates assume (RUNNER_OTHERWISE), or 0. */
static const char *what_is_wrong(void) {
    if (counter_wrong()) return counter_wrong();
    return port_misconfigured() ? port_misconfigured() : RUNNER_OTHERWISE;
}

const char *timing_run(loaded *model) {
    timed_run run = {.session = model->session,
                     .take = take_example,
                     .operators = model->operators,
                     .operator_count = model->operator_count};
    choose_inputs(&run, model);
    example = model->from.example;
    input_bytes = model->info.input_width * payload_value_bytes(model->from.example_kind);
    memset(run.operators, 0, run.operator_count * sizeof *run.operators);
    const mlm_status status = timed_measure(&run);
    mlm_session_reset(model->session);
    if (status != MLM_OK) return mlm_status_string(status);
    char crc[CRC_BYTES];
    write_crc(crc, model->info.crc32);
    const timed_conditions conditions = {
        .board = RUNNER_CATALOGUE,
        .model = crc,
        .weights = "flash",
        .arena = RUNNER_ARENA_MEMORY,
        .tile = model->from.options.tile,
        .clock_hz = counter_is_of_cycles() ? port_cycles_per_second() : 0,
        .wrong = what_is_wrong(),
    };
    timed_print(&conditions, &run);
    return 0;
}
