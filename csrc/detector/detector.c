/*
 * detector.c - drives sessions along a stream: running, one session whose output is a sequence of answers; or
 * exact, one that makes frames and one that is run anew over each window of them. What becomes of answers is
 * events.c's.
 */
#include "detector.h"

#include <string.h>

/* ---- the plan ------------------------------------------------------------------------------------- */

typedef struct parts {
    uint32_t rows, ring, events, source, model, bytes; /* offsets, and all of it */
    uint32_t source_bytes, model_bytes, events_bytes, ring_bytes;
    uint32_t row_capacity;
} parts;

static mlm_status place(uint64_t *at, uint64_t bytes, uint32_t *offset) {
    *offset = (uint32_t)*at;
    *at += (bytes + MLM_ALIGNMENT - 1) & ~(uint64_t)(MLM_ALIGNMENT - 1);
    return *at < MLM_UNKNOWN ? MLM_OK : MLM_ERR_TOO_LARGE;
}

/* The session that makes rows over time: of answers, or of frames. */
static const mlm_model *source_model(const mlm_detector_options *options) {
    return options->window ? options->front : options->model;
}

/* Output 0, and whether it is the only one and a sequence or not as it must be. */
static int has_output(const mlm_model *model, uint32_t is_sequence, mlm_output_info *output) {
    return mlm_header(model)->output_count == 1 &&
           mlm_output_get_info(model, 0, output) == MLM_OK && output->is_sequence == is_sequence;
}

/* Whether the models fit one another; classes: the width of an answer. */
static int fits(const mlm_detector_options *options, uint32_t *classes) {
    mlm_output_info answer, frame;
    const uint32_t window = options->window, hop = options->hop;
    if (options->tile < 1 || !has_output(options->model, window == 0, &answer)) return 0;
    *classes = answer.width;
    if (window == 0) return hop == 0 && !options->front;
    mlm_model_info info;
    mlm_model_get_info(options->model, &info);
    if (info.input_kind != MLM_INPUT_FRAMES || hop < 1 || hop > window) return 0;
    if (window < info.min_frames || (info.max_frames && window > info.max_frames)) return 0;
    return !options->front ||
           (has_output(options->front, 1, &frame) && frame.width == info.input_width);
}

static mlm_options session_options(const mlm_detector_options *options, const mlm_model *model) {
    mlm_model_info info;
    mlm_model_get_info(model, &info);
    return (mlm_options){MLM_SCHEDULE_STREAM, options->tile,
                         info.needs_max_frames ? options->window : 0};
}

static mlm_status arena_of(const mlm_detector_options *options, const mlm_model *model,
                           uint32_t *bytes) {
    *bytes = 0;
    if (!model) return MLM_OK;
    const mlm_options session = session_options(options, model);
    return mlm_arena_bytes(model, &session, bytes);
}

/* Inputs that make at most `tile` frames. */
static uint32_t step_of(const mlm_detector_options *options) {
    const mlm_model *source = source_model(options);
    return source ? options->tile * mlm_inputs_per_frame(source) : 1;
}

static mlm_status plan_rows(const mlm_detector_options *options, parts *plan, uint64_t *at) {
    const mlm_model *source = source_model(options);
    mlm_output_info row = {0, 0, 0};
    if (source) mlm_output_get_info(source, 0, &row);
    plan->row_capacity =
        source ? mlm_rows_a_tick(source, mlm_value_clock(source, mlm_outputs(source)[0].value),
                                 options->tile)
               : 0;
    const mlm_status status =
        place(at, (uint64_t)plan->row_capacity * row.width * sizeof(float), &plan->rows);
    if (status != MLM_OK) return status;
    const uint64_t frames = (uint64_t)options->window * mlm_header(options->model)->input_width;
    plan->ring_bytes = (uint32_t)(frames * sizeof(float));
    return place(at, frames * sizeof(float), &plan->ring);
}

static mlm_status plan_parts(const mlm_detector_options *options, parts *plan) {
    mlm_events_options events = {0, options->smooth, options->hold_off, options->thresholds};
    if (!fits(options, &events.classes)) return MLM_ERR_ARGUMENT;
    const mlm_model *source = source_model(options);
    if (source && !mlm_model_is_endless(source)) return MLM_ERR_FRAMES;
    uint64_t at = sizeof(mlm_detector);
    mlm_status status = mlm_events_bytes(&events, &plan->events_bytes);
    if (status == MLM_OK) status = arena_of(options, source, &plan->source_bytes);
    if (status == MLM_OK)
        status = arena_of(options, options->window ? options->model : 0, &plan->model_bytes);
    if (status == MLM_OK) status = plan_rows(options, plan, &at);
    if (status == MLM_OK) status = place(&at, plan->events_bytes, &plan->events);
    if (status == MLM_OK) status = place(&at, plan->source_bytes, &plan->source);
    if (status == MLM_OK) status = place(&at, plan->model_bytes, &plan->model);
    plan->bytes = (uint32_t)at;
    return status;
}

mlm_status mlm_detector_bytes(const mlm_detector_options *options, uint32_t *bytes) {
    parts plan;
    if (!options || !bytes || !options->model) return MLM_ERR_ARGUMENT;
    const mlm_status status = plan_parts(options, &plan);
    if (status == MLM_OK) *bytes = plan.bytes;
    return status;
}

/* ---- when answers are made -------------------------------------------------------------------------- */

/* Fewest inputs that make `rows` rows of output 0. */
static uint32_t inputs_for(const mlm_model *model, uint32_t rows) {
    uint32_t inputs = 0;
    for (uint32_t bit = 1u << 30; bit > 0; bit >>= 1)
        if (mlm_output_rows_pushed(model, 0, inputs + bit) < rows) inputs += bit;
    return inputs + 1;
}

static void set_times(mlm_detector *detector, const mlm_detector_options *options) {
    const mlm_model *source = source_model(options);
    const uint32_t window = options->window, hop = options->hop;
    if (window == 0) {
        detector->first = inputs_for(source, 1);
        detector->second = inputs_for(source, 2);
        detector->period = inputs_for(source, 3) - detector->second;
    } else {
        const uint64_t one = source ? inputs_for(source, 1) : 1;
        const uint64_t next = source ? inputs_for(source, 2) - one : 1;
        detector->first = one + (window - 1) * next;
        detector->period = hop * next;
        detector->second = detector->first + detector->period;
    }
}

/* Inputs up to the end of what the last answer was made from. */
static uint64_t time_of_answer(const mlm_detector *detector) {
    return detector->answers <= 1 ? detector->first
                                  : detector->second + (detector->answers - 2) * detector->period;
}

/* ---- beginnings ------------------------------------------------------------------------------------- */

static mlm_status begin_session(mlm_session **session, const mlm_detector_options *options,
                                const mlm_model *model, unsigned char *arena, uint32_t bytes) {
    if (!model) return MLM_OK;
    const mlm_options how = session_options(options, model);
    return mlm_session_init(session, model, &how, arena, bytes);
}

static uint32_t identity_of(const mlm_detector_options *options, uint32_t classes) {
    const uint32_t facts[] = {
        mlm_header(options->model)->crc32,
        options->front ? mlm_header(options->front)->crc32 : 0,
        options->window,
        options->hop,
        options->smooth,
        options->hold_off,
    };
    const uint32_t crc = mlm_crc32(0, (const unsigned char *)facts, sizeof facts);
    return mlm_crc32(crc, (const unsigned char *)options->thresholds, classes * sizeof(float));
}

mlm_status mlm_detector_init(mlm_detector **detector, const mlm_detector_options *options,
                             void *memory, size_t bytes) {
    parts plan;
    mlm_events_options events;
    if (!detector || !options || !options->model || !memory) return MLM_ERR_ARGUMENT;
    mlm_status status = plan_parts(options, &plan);
    if (status != MLM_OK) return status;
    if ((uintptr_t)memory % MLM_ALIGNMENT != 0) return MLM_ERR_ALIGNMENT;
    if (bytes < plan.bytes) return MLM_ERR_ARENA_TOO_SMALL;

    mlm_detector *made = memory;
    unsigned char *at = memory;
    const mlm_model *source = source_model(options);
    events = (mlm_events_options){0, options->smooth, options->hold_off, options->thresholds};
    fits(options, &events.classes);
    memset(made, 0, sizeof *made);
    made->window = options->window;
    made->hop = options->hop;
    made->width = mlm_header(options->model)->input_width;
    made->rows = plan.rows;
    made->ring = plan.ring;
    made->ring_bytes = plan.ring_bytes;
    made->events_bytes = plan.events_bytes;
    made->row_capacity = plan.row_capacity;
    made->step = step_of(options);
    made->input_bytes = mlm_input_bytes(source ? source : options->model);
    made->identity = identity_of(options, events.classes);
    set_times(made, options);
    mlm_events_init(&made->events, &events, at + plan.events, plan.events_bytes);
    status = begin_session(&made->source, options, source, at + plan.source, plan.source_bytes);
    if (status == MLM_OK && options->window)
        status =
            begin_session(&made->model, options, options->model, at + plan.model, plan.model_bytes);
    if (status != MLM_OK) return status;
    mlm_detector_reset(made);
    *detector = made;
    return MLM_OK;
}

void mlm_detector_reset(mlm_detector *detector) {
    if (detector->source) mlm_session_reset(detector->source);
    mlm_events_reset(detector->events);
    detector->answers = 0;
    detector->until = detector->window;
    detector->next = 0;
}

/* ---- pushing ------------------------------------------------------------------------------------------ */

typedef struct listener {
    mlm_on_detection *on_event;
    void *context;
} listener;

static void take_answer(mlm_detector *detector, const float *probabilities, const listener *to) {
    mlm_detection detection;
    detector->answers++;
    if (!mlm_events_take(detector->events, probabilities, &detection)) return;
    detection.inputs = time_of_answer(detector);
    if (to->on_event) to->on_event(to->context, &detection);
}

/* The window in the ring, the oldest frame first, from an empty state. */
static mlm_status run_window(mlm_detector *detector, const listener *to) {
    const uint32_t next = detector->next, width = detector->width;
    const float *ring = mlm_detector_floats(detector, detector->ring);
    float *answer = (float *)(uintptr_t)mlm_events_averages(detector->events);
    mlm_session_reset(detector->model);
    mlm_status status =
        mlm_session_push(detector->model, ring + (size_t)next * width, detector->window - next);
    if (status == MLM_OK && next > 0) status = mlm_session_push(detector->model, ring, next);
    /* The averages are written anew from the answers kept, of which this becomes one. */
    if (status == MLM_OK) status = mlm_session_finish(detector->model, answer);
    if (status == MLM_OK) take_answer(detector, answer, to);
    return status;
}

static mlm_status take_frame(mlm_detector *detector, const float *frame, const listener *to) {
    memcpy(mlm_detector_floats(detector, detector->ring) + (size_t)detector->next * detector->width,
           frame, detector->width * sizeof(float));
    detector->next = detector->next + 1 == detector->window ? 0 : detector->next + 1;
    if (--detector->until > 0) return MLM_OK;
    detector->until = detector->hop;
    return run_window(detector, to);
}

/* What a step of the source has made. */
static mlm_status take_rows(mlm_detector *detector, const listener *to) {
    const uint32_t rows = mlm_session_received(detector->source, 0);
    const float *row = mlm_detector_floats(detector, detector->rows);
    mlm_output_info info;
    mlm_output_get_info(&detector->source->model, 0, &info);
    mlm_status status = MLM_OK;
    for (uint32_t i = 0; i < rows && status == MLM_OK; i++, row += info.width) {
        if (detector->window)
            status = take_frame(detector, row, to);
        else
            take_answer(detector, row, to);
    }
    return status;
}

static mlm_status push_step(mlm_detector *detector, const void *inputs, uint32_t count,
                            const listener *to) {
    if (!detector->source) return take_frame(detector, inputs, to);
    mlm_session_forget(detector->source);
    mlm_status status = mlm_session_receive(
        detector->source, 0, mlm_detector_floats(detector, detector->rows), detector->row_capacity);
    if (status == MLM_OK) status = mlm_session_push(detector->source, inputs, count);
    return status == MLM_OK ? take_rows(detector, to) : status;
}

mlm_status mlm_detector_push(mlm_detector *detector, const void *inputs, uint32_t count,
                             mlm_on_detection *on_event, void *context) {
    if (!detector || (count > 0 && !inputs)) return MLM_ERR_ARGUMENT;
    const listener to = {on_event, context};
    const unsigned char *next = inputs;
    mlm_status status = MLM_OK;
    while (count > 0 && status == MLM_OK) {
        const uint32_t now = count < detector->step ? count : detector->step;
        status = push_step(detector, next, now, &to);
        next += (size_t)now * detector->input_bytes;
        count -= now;
    }
    return status;
}

uint32_t mlm_detector_step_inputs(const mlm_detector *detector) {
    return detector->period < MLM_UNKNOWN ? (uint32_t)detector->period : MLM_UNKNOWN - 1;
}

uint64_t mlm_detector_answers(const mlm_detector *detector) { return detector->answers; }

const float *mlm_detector_averages(const mlm_detector *detector) {
    return mlm_events_averages(detector->events);
}
