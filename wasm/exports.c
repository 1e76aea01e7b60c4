/*
 * exports.c - the thin shim between the C API and JavaScript: one model an instance, results as
 * little-endian 32-bit words written where JavaScript says. Knows nothing of how memory is laid out:
 * JavaScript places blob, tables, arena and I/O above __heap_base and grows the memory for them.
 */
#include "../csrc/math/vec4.h"
#include "mlm_detector.h"
#include "mlm_inspect.h"

#define EXPORT(name) __attribute__((export_name(#name)))

static mlm_model model;

/* fault: 3 words (index, needed, have). Returns an mlm_status. */
EXPORT(model_open) uint32_t model_open(const void *blob, uint32_t bytes, mlm_fault *fault) {
    return (uint32_t)mlm_model_open(&model, blob, bytes, fault);
}

EXPORT(status_string) const char *status_string(uint32_t status) {
    return mlm_status_string((mlm_status)status);
}

EXPORT(version_string) const char *version_string(void) { return MLM_VERSION_STRING; }

/* 1 in the build with SIMD instructions, 0 in the baseline. */
EXPORT(simd) uint32_t simd(void) {
#ifdef __wasm_simd128__
    return 1;
#else
    return 0;
#endif
}

/* The structs below are written as they stand in the headers: 32-bit words in order, texts as addresses,
 * 64-bit counts, and the last words of a mlm_buffer in halves and bytes. */
EXPORT(model_info) void model_info(mlm_model_info *info) { mlm_model_get_info(&model, info); }

EXPORT(output_info) uint32_t output_info(uint32_t output, mlm_output_info *info) {
    return (uint32_t)mlm_output_get_info(&model, output, info);
}

EXPORT(output_rows) uint32_t output_rows(uint32_t output, uint32_t inputs) {
    return mlm_output_rows(&model, output, inputs);
}

EXPORT(output_rows_pushed) uint32_t output_rows_pushed(uint32_t output, uint32_t inputs) {
    return mlm_output_rows_pushed(&model, output, inputs);
}

EXPORT(op_class_count) uint32_t op_class_count(void) { return mlm_op_class_count(); }

EXPORT(op_class_name) const char *op_class_name(uint32_t kind) { return mlm_op_class_name(kind); }

EXPORT(op_count) uint32_t op_count(void) { return mlm_op_count(&model); }

EXPORT(tensor_count) uint32_t tensor_count(void) { return mlm_tensor_count(&model); }

EXPORT(op_info) uint32_t op_info(uint32_t op, mlm_op_info *info) {
    return (uint32_t)mlm_op_get_info(&model, op, info);
}

EXPORT(op_name) const char *op_name(uint32_t op) { return mlm_op_name(&model, op); }

EXPORT(label) const char *label(uint32_t index) { return mlm_label(&model, index); }

EXPORT(metadata) const char *metadata(void) { return mlm_metadata(&model); }

EXPORT(tensor_info) uint32_t tensor_info(uint32_t tensor, mlm_tensor_info *info) {
    return (uint32_t)mlm_tensor_get_info(&model, tensor, info);
}

EXPORT(operator_count) uint32_t operator_count(uint32_t schedule) {
    return mlm_operator_count(&model, schedule);
}

EXPORT(operator_info)
uint32_t operator_info(uint32_t schedule, uint32_t index, mlm_operator_info *info) {
    return (uint32_t)mlm_operator_get_info(&model, schedule, index, info);
}

EXPORT(operator_counts)
uint32_t operator_counts(uint32_t schedule, uint32_t tile, uint32_t max_frames, uint32_t frames,
                         uint32_t index, mlm_counts *counts) {
    const mlm_options options = {schedule, tile, max_frames};
    return (uint32_t)mlm_operator_counts(&model, &options, frames, index, counts);
}

EXPORT(plan_buffer_count)
uint32_t plan_buffer_count(uint32_t schedule, uint32_t tile, uint32_t max_frames) {
    const mlm_options options = {schedule, tile, max_frames};
    return mlm_plan_buffer_count(&model, &options);
}

EXPORT(plan_make)
uint32_t plan_make(uint32_t schedule, uint32_t tile, uint32_t max_frames, mlm_plan *plan,
                   mlm_buffer *table, uint32_t capacity) {
    const mlm_options options = {schedule, tile, max_frames};
    return (uint32_t)mlm_plan_make(plan, &model, &options, table, capacity);
}

/* *session receives the handle that the functions below take. */
EXPORT(session_init)
uint32_t session_init(mlm_session **session, uint32_t schedule, uint32_t tile, uint32_t max_frames,
                      void *arena, uint32_t arena_bytes) {
    const mlm_options options = {schedule, tile, max_frames};
    return (uint32_t)mlm_session_init(session, &model, &options, arena, arena_bytes);
}

/* 1 when none of `count` elements, a multiple of 4, is NaN or infinite, which pushing does not check: of
 * those, and of nothing else, the product with 0 is NaN. */
EXPORT(all_finite) uint32_t all_finite(const float *x, uint32_t count) {
    float sums[4];
    v4 sum = v4_zero();
    for (const float *end = x + count; x != end; x += 4)
        sum = v4_add(sum, v4_mul(v4_load(x), v4_zero()));
    v4_store(sums, sum);
    return sums[0] + sums[1] + sums[2] + sums[3] == 0.0f;
}

EXPORT(session_reset) void session_reset(mlm_session *session) { mlm_session_reset(session); }

EXPORT(session_push)
uint32_t session_push(mlm_session *session, const void *frames, uint32_t count) {
    return (uint32_t)mlm_session_push(session, frames, count);
}

EXPORT(session_finish) uint32_t session_finish(mlm_session *session, float *vectors) {
    return (uint32_t)mlm_session_finish(session, vectors);
}

/* rows: where the rows of output `output` go from now on, [capacity][width]; 0 drops them. */
EXPORT(session_receive)
uint32_t session_receive(mlm_session *session, uint32_t output, float *rows, uint32_t capacity) {
    return (uint32_t)mlm_session_receive(session, output, rows, capacity);
}

EXPORT(session_vectors)
uint32_t session_vectors(const mlm_session *session, float *vectors) {
    return (uint32_t)mlm_session_vectors(session, vectors);
}

EXPORT(session_frames) uint32_t session_frames(const mlm_session *session) {
    return mlm_session_frames(session);
}

EXPORT(session_inputs) uint32_t session_inputs(const mlm_session *session) {
    return mlm_session_inputs(session);
}

EXPORT(session_saturations) uint32_t session_saturations(const mlm_session *session) {
    return mlm_session_saturations(session);
}

EXPORT(session_state_bytes) uint32_t session_state_bytes(const mlm_session *session) {
    return mlm_session_state_bytes(session);
}

EXPORT(session_save_state)
uint32_t session_save_state(const mlm_session *session, void *state, uint32_t bytes) {
    return (uint32_t)mlm_session_save_state(session, state, bytes);
}

EXPORT(session_load_state)
uint32_t session_load_state(mlm_session *session, const void *state, uint32_t bytes) {
    return (uint32_t)mlm_session_load_state(session, state, bytes);
}

EXPORT(session_feed)
uint32_t session_feed(mlm_session *session, const void *frames, uint32_t count) {
    return (uint32_t)mlm_session_feed(session, frames, count);
}

EXPORT(session_feed_end) uint32_t session_feed_end(mlm_session *session) {
    return (uint32_t)mlm_session_feed_end(session);
}

/* step: 7 words as in mlm_step, the last one the address of the output. */
EXPORT(session_step) uint32_t session_step(mlm_session *session, mlm_step *step) {
    return (uint32_t)mlm_session_step(session, step);
}

/* Of a step: its work alone, `times` times. */
EXPORT(session_repeat) uint32_t session_repeat(mlm_session *session, uint32_t times) {
    return (uint32_t)mlm_session_repeat(session, times);
}

EXPORT(session_self_test) uint32_t session_self_test(mlm_session *session) {
    return (uint32_t)mlm_session_self_test(session);
}

/* Lets a session go on for ever: returns how many inputs it has forgotten. */
EXPORT(session_forget) uint32_t session_forget(mlm_session *session) {
    return mlm_session_forget(session);
}

EXPORT(model_is_endless) uint32_t model_is_endless(void) {
    return (uint32_t)mlm_model_is_endless(&model);
}

EXPORT(events_bytes)
uint32_t events_bytes(uint32_t classes, uint32_t smooth, uint32_t hold_off, const float *thresholds,
                      uint32_t *bytes) {
    const mlm_events_options options = {classes, smooth, hold_off, thresholds};
    return (uint32_t)mlm_events_bytes(&options, bytes);
}

EXPORT(events_init)
uint32_t events_init(uint32_t classes, uint32_t smooth, uint32_t hold_off, const float *thresholds,
                     void *memory, uint32_t bytes) {
    const mlm_events_options options = {classes, smooth, hold_off, thresholds};
    mlm_events *events;
    return (uint32_t)mlm_events_init(&events, &options, memory, bytes);
}

EXPORT(events_reset) void events_reset(mlm_events *events) { mlm_events_reset(events); }

EXPORT(events_take)
uint32_t events_take(mlm_events *events, const float *probabilities, mlm_detection *detection) {
    return mlm_events_take(events, probabilities, detection);
}

EXPORT(events_averages) const float *events_averages(const mlm_events *events) {
    return mlm_events_averages(events);
}
