/*
 * detector.c - runs the linked detector over a stream that is made as it goes, once for each size of a push,
 * and prints what `mambalite verify --mode` compares. The exit status is that of the call that failed, or 0.
 *
 * Lines on the console:
 *   detector BYTES                     what mlm_detector_bytes wants
 *   push SIZE                          before what pushes of this size gave:
 *   event LABEL CONFIDENCE INPUTS      a line an event, the confidence as its bits
 *   answers COUNT CRC BITS ...         CRC-32 of the averages behind all pushes that made answers; the last
 *                                      averages
 *   longest INSTRUCTIONS               of one push; instructions of all pushes
 *   status NAME                        last
 */
#include "core/graph.h"
#include "detector_setup.h"
#include "emulator.h"
#include "harness_stream.h"
#include "math/f32.h"
#include "port.h"
#include "print.h"
#include "stream.h"

static const uint32_t sizes[] = STREAM_PUSHES;

static mlm_arena_block memory[MLM_ARENA_BLOCKS(DETECTOR_BYTES)] PORT_ARENA;
EMULATOR_ONLY static mlm_model model, front;
EMULATOR_ONLY static mlm_detector *detector;
EMULATOR_ONLY static stream source;
EMULATOR_ONLY static int16_t samples[STREAM_MOST_PUSHED];
EMULATOR_ONLY static float floats[STREAM_MOST_PUSHED];

static void print_event(void *context, const mlm_detection *what) {
    (void)context;
    port_write("event");
    print_number(what->label);
    print_bits(f32_bits(what->confidence));
    print_number(what->inputs);
    port_write("\n");
}

static const void *read_inputs(uint32_t count) {
    stream_read(&source, samples, count);
    if (STREAM_INPUT_BYTES == sizeof *samples) return samples;
    for (uint32_t i = 0; i < count; i++) floats[i] = (float)samples[i] / 32768.0f;
    return floats;
}

static void print_answers(uint32_t crc) {
    port_write("answers");
    print_number(mlm_detector_answers(detector));
    print_bits(crc);
    for (uint32_t i = 0; i < DETECTOR_CLASSES; i++)
        print_bits(f32_bits(mlm_detector_averages(detector)[i]));
    port_write("\n");
}

static mlm_status run_stream(uint32_t size) {
    uint64_t answers = 0, all = 0;
    uint32_t crc = 0, longest = 0;
    port_write("push");
    print_number(size);
    port_write("\n");
    mlm_detector_reset(detector);
    stream_begin(&source, (const int16_t *)(const void *)harness_clips, STREAM_CLIPS,
                 STREAM_CLIP_SAMPLES, STREAM_RATE_HZ);
    for (uint32_t left = STREAM_SAMPLES; left > 0;) {
        const uint32_t count = left < size ? left : size;
        const void *const inputs = read_inputs(count);
        const uint32_t start = port_ticks();
        const mlm_status status = mlm_detector_push(detector, inputs, count, print_event, 0);
        const uint32_t ticks = port_ticks() - start;
        if (status != MLM_OK) return status;
        all += ticks;
        if (ticks > longest) longest = ticks;
        left -= count;
        if (mlm_detector_answers(detector) == answers) continue;
        answers = mlm_detector_answers(detector);
        crc = mlm_crc32(crc, (const unsigned char *)mlm_detector_averages(detector),
                        DETECTOR_CLASSES * sizeof(float));
    }
    print_answers(crc);
    port_write("longest");
    print_number(emulator_instructions(longest));
    print_number(emulator_instructions(all));
    port_write("\n");
    return MLM_OK;
}

static mlm_status begin(void) {
    uint32_t bytes = 0;
    mlm_status status = open_models(&model, &front);
    const mlm_detector_options options = detector_options(&model, &front);
    if (status == MLM_OK) status = mlm_detector_bytes(&options, &bytes);
    port_write("detector");
    print_number(bytes);
    port_write("\n");
    if (status != MLM_OK) return status;
    return mlm_detector_init(&detector, &options, memory, DETECTOR_BYTES);
}

int port_main(void) {
    mlm_status status = begin();
    for (uint32_t i = 0; i < sizeof sizes / sizeof *sizes && status == MLM_OK; i++)
        status = run_stream(sizes[i]);
    port_write("status ");
    port_write(mlm_status_string(status));
    port_write("\n");
    return (int)status;
}
