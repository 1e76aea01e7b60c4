/* stream.c - see stream.h. */
#include "stream.h"

#include <string.h>

#include "answers.h"
#include "console.h"
#include "port.h"

/* Most bytes that are asked for at once: what an adapter may hold back while the model works. */
enum { REQUEST_BYTES = 128 };

/* 0 where it is no number, or too large a one. */
static uint32_t number_of(const char *digits) {
    uint64_t number = 0;
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9') return 0;
        number = 10 * number + (uint32_t)(*digits - '0');
        if (number > UINT32_MAX) return 0;
    }
    return (uint32_t)number;
}

/* In place, from the end: a float is twice as long as a sample. */
static void make_floats(unsigned char *samples, uint32_t count) {
    while (count-- > 0) {
        int16_t sample;
        memcpy(&sample, samples + count * sizeof sample, sizeof sample);
        const float value = (float)sample / 32768.0f;
        memcpy(samples + count * sizeof value, &value, sizeof value);
    }
}

/* Asks for values until `count` of them are in the chunk. */
static int fill_chunk(loaded *model, uint32_t count, uint32_t value_bytes) {
    unsigned char *next = model->chunk;
    while (count > 0) {
        const uint32_t most = REQUEST_BYTES / value_bytes;
        const uint32_t asked = count < most ? count : most;
        console_number("send", asked);
        if (!console_bytes(next, asked * value_bytes)) return 0;
        next += asked * value_bytes;
        count -= asked;
    }
    return 1;
}

/* Values that make whole frames and have room, as floats where the model takes those. */
static uint32_t values_at_once(const loaded *model, uint32_t value_bytes) {
    const uint32_t width = model->info.input_width;
    const uint32_t frames = REQUEST_BYTES / value_bytes / width;
    return width * (frames ? frames : 1);
}

static const char *take_values(loaded *model, uint32_t count) {
    const uint32_t value_bytes = payload_value_bytes(loaded_line_kind(model));
    const uint32_t most = values_at_once(model, value_bytes);
    while (count > 0) {
        const uint32_t values = count < most ? count : most;
        if (!fill_chunk(model, values, value_bytes)) return "timed out";
        if (model->info.input_kind == MLM_INPUT_SAMPLES) make_floats(model->chunk, values);
        const mlm_status status =
            mlm_session_push(model->session, model->chunk, values / model->info.input_width);
        if (status != MLM_OK) return mlm_status_string(status);
        count -= values;
    }
    const mlm_status status = mlm_session_finish(model->session, model->vectors);
    return status == MLM_OK ? 0 : mlm_status_string(status);
}

const char *stream_values(loaded *model, const char *count, const char *reset) {
    const uint32_t values = count ? number_of(count) : 0;
    if (values == 0 || (reset && strcmp(reset, "reset") != 0))
        return "stream wants a number of values, and perhaps reset";
    if (values % model->info.input_width != 0) return "so many values are no whole frames";
    if (reset) mlm_session_reset(model->session);
    const char *const wrong = take_values(model, values);
    if (wrong)
        mlm_session_reset(model->session);
    else
        answer_class(model, 0);
    return wrong;
}
